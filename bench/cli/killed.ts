// `npm run bench:cli:killed [-- --count 60]`: a call of `cosal` that is killed (SIGKILL) when half of its
// photographs are done, and called again: how many are done anew, and whether all files are those of an
// undisturbed call. Fails where they are not.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { machine } from "../machine.ts";
import { writePhotographs } from "./photographs.ts";

const COMMAND = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

const { values } = parseArgs({ options: { count: { type: "string", default: "60" } } });
const count = Number(values.count);

console.log(machine());
const folder = await mkdtemp(join(tmpdir(), "cosal-killed-"));
const [killed, whole] = [join(folder, "killed"), join(folder, "whole")];
try {
  await writePhotographs(folder, count);
  const told = await cosal(killed, count / 2);
  const before = await times(killed);
  const again = await cosal(killed);
  const after = await times(killed);
  const kept = [...before].filter(([name, time]) => after.get(name) === time);
  const masks = kept.filter(([name]) => name.endsWith(".png")).length;
  console.log(`killed after ${told} of ${count} photographs; ${masks} masks were there`);
  console.log(
    `called again: ${again} told, ${count - masks} of them made, ${masks} left as they were`,
  );
  await cosal(whole);
  const [found, wanted] = [await filesIn(killed), await filesIn(whole)];
  const others = [...wanted.keys()].filter((name) => found.get(name) !== wanted.get(name));
  if (others.length > 0 || found.size !== wanted.size) {
    throw new Error(`not those of an undisturbed call: ${others.join(", ")}`);
  }
  console.log(`${wanted.size} files, each equal to that of an undisturbed call`);
} finally {
  await rm(folder, { recursive: true });
}

/** @returns photographs that were told of, until it ended or was killed */
async function cosal(out: string, most = Number.POSITIVE_INFINITY): Promise<number> {
  const args = [COMMAND, folder, "-o", out, "-f", "png", "coco", "--json", "--quiet"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let told = 0;
  for await (const _ of createInterface({ input: child.stdout })) {
    if (++told === most) child.kill("SIGKILL");
  }
  return told;
}

/** Of the files that are not hidden. */
async function namesIn(out: string): Promise<string[]> {
  return (await readdir(out)).filter((name) => !name.startsWith("."));
}

async function filesIn(out: string): Promise<Map<string, string>> {
  const files = (await namesIn(out)).map(
    async (name) => [name, await readFile(join(out, name), "base64")] as const,
  );
  return new Map(await Promise.all(files));
}

async function times(out: string): Promise<Map<string, number>> {
  const files = (await namesIn(out)).map(
    async (name) => [name, (await stat(join(out, name))).mtimeMs] as const,
  );
  return new Map(await Promise.all(files));
}
