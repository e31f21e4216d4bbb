import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { RUNTIME, startsProcesses } from "./device.ts";
import { formOf, photographs } from "./servers.ts";

startsProcesses();

const MAIN = fileURLToPath(new URL("../../src/server/main.ts", import.meta.url));
const processes: ChildProcess[] = [];
afterEach(() => {
  for (const one of processes.splice(0)) one.kill("SIGTERM");
});

function run(args: string[], environment: Record<string, string> = {}) {
  const { PATH, HOME } = process.env;
  const server = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH, HOME, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  processes.push(server);
  return server;
}

it("starts, serves, keeps for itself what it writes, and ends with status 0 on SIGTERM", async () => {
  const data = await mkdtemp(join(tmpdir(), "cosal-process-"));
  // As an older server has left it.
  await mkdir(join(data, "2"), { mode: 0o755 });
  const server = run(["--runtime", RUNTIME, "--port", "0", "--data", data]);
  let url = "";
  for await (const line of createInterface({ input: server.stdout! })) {
    const entry = JSON.parse(line);
    if (entry.event === "listening") {
      ({ url } = entry);
      break;
    }
  }
  const body = formOf(await photographs("cats", 0, 2));
  expect((await fetch(`${url}/v1/groups`, { method: "POST", body })).status).toBe(200);
  const second = run(["--runtime", RUNTIME, "--port", "0", "--data", data]);
  const errors: string[] = [];
  second.stderr!.on("data", (text) => errors.push(String(text)));
  expect((await once(second, "close"))[0]).toBe(1);
  expect(errors.join("")).toContain(`belongs to the server at ${url} (process ${server.pid}`);
  server.kill("SIGTERM");
  expect(await once(server, "exit")).toEqual([0, null]);
  const written = await readdir(data, { recursive: true, withFileTypes: true });
  expect(written.some((entry) => entry.isFile())).toBe(true);
  for (const entry of written) {
    const { mode } = await stat(join(entry.parentPath, entry.name));
    expect([entry.name, mode & 0o777]).toEqual([entry.name, entry.isFile() ? 0o600 : 0o700]);
  }
  await rm(data, { recursive: true });
});

it.each([
  [["--runtime", "cuda"], {}, 2, "but received cuda"],
  [[], { HOST: "0.0.0.0" }, 2, "COSAL_BACKEND_SECRET or API_KEY_LIST"],
  [["--help"], {}, 0, ""],
])("explains %j %j", async (args, environment, status, message) => {
  const server = run(args, environment);
  const errors: string[] = [];
  server.stderr!.on("data", (data) => errors.push(String(data)));
  expect((await once(server, "close"))[0]).toBe(status);
  expect(errors.join("")).toContain(message);
});
