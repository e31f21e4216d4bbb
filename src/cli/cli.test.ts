import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";

// Each starts a process with threads, on a machine that may be busy.
vi.setConfig({ testTimeout: 180_000 });

const root = await mkdtemp(join(tmpdir(), "cosal-cli-"));
afterAll(() => rm(root, { recursive: true, force: true }));
const EXAMPLES = new URL("../../examples", import.meta.url).pathname;
const CATS = join(EXAMPLES, "cats");

function start(args: readonly string[], environment: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function ended(child: ChildProcess) {
  const text = async (stream: NodeJS.ReadableStream | null) =>
    stream === null ? "" : Buffer.concat(await Array.fromAsync(stream as never)).toString();
  const [out, err, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once("exit", resolve)),
  ]);
  return { out, err, status };
}

const cosal = (...args: string[]) => ended(start(args));
const lines = (text: string) =>
  text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** Every file of a folder but the journal, by name. */
async function filesIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith("."));
  const entries = names.map(async (name) => [name, await readFile(join(folder, name), "base64")]);
  return Object.fromEntries(await Promise.all(entries));
}

describe("cosal", () => {
  it("masks a folder, tells each as it is done, and does nothing twice", async () => {
    const first = await cosal(CATS, "-o", "cats", "-f", "png,rle", "--json");
    expect(first.err).toMatch(/8 of 8 masks in cats/);
    expect(first.status).toBe(0);
    const told = lines(first.out);
    expect(told).toHaveLength(8);
    expect(told[0]).toMatchObject({
      set: "cats",
      width: expect.any(Number),
      presence: expect.any(Number),
    });
    // What the journal keeps for itself.
    expect(told[0]).not.toHaveProperty("modified");
    const manifest = JSON.parse(await readFile(join(root, "cats", "masks.json"), "utf8"));
    expect(manifest.images.map((one: { photograph: string }) => one.photograph)).toEqual(
      (await readdir(CATS)).sort(),
    );
    expect(manifest.images[0].files).toEqual({
      png: "at-a-plastic-shelter.png",
      rle: "at-a-plastic-shelter.rle.json",
    });
    const before = await filesIn(join(root, "cats"));
    const second = await cosal(CATS, "-o", "cats", "-f", "png,rle");
    expect(second.err).toMatch(/8 were there already/);
    expect(await filesIn(join(root, "cats"))).toEqual(before);

    // What it has in common, learnt and applied by itself, gives the same masks, here in WebAssembly.
    expect((await cosal("learn", CATS, "-o", "cat.cosal", "-q")).status).toBe(0);
    const applied = await cosal("apply", "cat.cosal", CATS, "-o", "again", "-f", "rle", "-q");
    expect(applied).toMatchObject({ status: 0, err: "", out: "" });
    for (const name of Object.keys(before).filter((one) => one.endsWith(".rle.json"))) {
      expect(await readFile(join(root, "again", name), "base64"), name).toBe(before[name]);
    }
  });

  it("goes on where it was killed, and ends as if it had not been", async () => {
    const child = start([CATS, "-o", "killed", "--json", "-q", "--runtime", "wasm"]);
    const exit = new Promise((resolve) => child.once("exit", resolve));
    for await (const _ of child.stdout ?? []) child.kill("SIGKILL");
    await exit;
    const rest = await cosal(CATS, "-o", "killed", "--json", "-q", "--runtime", "wasm");
    expect(rest.status).toBe(0);
    const whole = await cosal(CATS, "-o", "whole", "-q", "--runtime", "wasm");
    expect(whole.status).toBe(0);
    expect(await filesIn(join(root, "killed"))).toEqual(await filesIn(join(root, "whole")));
  });

  it("ends cleanly where it is interrupted, and goes on with what is missing", async () => {
    // All of the examples: a fast machine has masked eight before the signal arrives.
    const command = [EXAMPLES, "--recursive", "-o", "interrupted"];
    const child = start([...command, "--json"]);
    child.stdout?.once("data", () => child.kill("SIGINT"));
    const { err, out, status } = await ended(child);
    expect(status).toBe(130);
    expect(err).toMatch(/Interrupted\. .* the same command goes on/);
    expect(err).not.toMatch(/Error/);
    const done = lines(out).length;
    expect(done).toBeLessThan(32);
    const rest = await cosal(...command);
    expect(rest.status).toBe(0);
    expect(rest.err).toMatch(/\d+ (was|were) there already/);
  });

  it("calls a photograph without the object a failure where it is asked to be strict", async () => {
    const folder = join(root, "odd");
    await cp(CATS, folder, { recursive: true });
    const shoe = new URL("../../examples/shoes/blue-sandals.jpg", import.meta.url);
    await cp(shoe.pathname, join(folder, "shoe.jpg"));
    const lax = await cosal(folder, "-o", "lax");
    expect(lax.err).toMatch(/does not seem to be in shoe\.jpg/);
    expect(lax.status).toBe(0);
    expect((await cosal(folder, "-o", "lax", "--strict", "-q")).status).toBe(3);
  });

  it("leaves out what cannot be read, and says so", async () => {
    const folder = join(root, "mixed");
    await cp(CATS, folder, { recursive: true });
    await writeFile(join(folder, "broken.jpg"), "no photograph");
    await writeFile(join(folder, "notes.txt"), "not looked at");
    const { status, err } = await cosal(folder, "-o", "left-out");
    expect(status).toBe(3);
    expect(err).toMatch(/1 photograph could not be read/);
    expect(err).toMatch(/broken\.jpg/);
    const manifest = JSON.parse(await readFile(join(root, "left-out", "masks.json"), "utf8"));
    expect(manifest.images).toHaveLength(8);
    expect(manifest.skipped).toMatchObject([
      { photograph: "broken.jpg", code: "image_type_unsupported" },
    ]);
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, "broken.jpg"), "no photograph");
    expect((await cosal(folder, "-o", "nothing", "-q")).status).toBe(1);
  });

  it("names the photograph of which marks leave nothing", async () => {
    const { status, err } = await cosal(CATS, "-o", "marked", "--not", "on-a-rock.jpg:0,0,999,999");
    expect(err).toMatch(/^on-a-rock\.jpg: The negative seeds leave nothing/m);
    expect(status).toBe(1);
  });

  it("says what to type when it was typed wrongly", async () => {
    for (const [args, message] of [
      [["nowhere"], /no file or folder nowhere/],
      [[CATS, "-f", "jpg"], /no format jpg; there are png/],
      [[CATS, "--sed", "x"], /sed/],
      [["apply", import.meta.filename, CATS], /is no consensus file\. cosal learn/],
      [[CATS, "--seed", "on-a-rock.jpg"], /--seed photo\.jpg:X,Y/],
      [[CATS, "--seed-mask", "on-a-rock.jpg=no.png"], /no file no\.png/],
      [[CATS, "--seed-mask", `on-a-rock.jpg=${import.meta.filename}`], /cli\.test\.ts is no mask/],
      [[CATS, "--seed", "dog.jpg:1,2"], /No photograph is called dog\.jpg/],
      [[EXAMPLES], /--recursive/],
    ] as [string[], RegExp][]) {
      const { status, err, out } = await cosal(...args);
      expect(err).toMatch(message);
      expect(err).toMatch(/cosal --help/);
      expect({ status, out }).toEqual({ status: 2, out: "" });
    }
  });
});
