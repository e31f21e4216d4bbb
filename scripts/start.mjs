#!/usr/bin/env node
// `node scripts/start.mjs PROGRAM.ts [ARGUMENT...]`: installs the packages when they are missing or
// older than the lock file, then runs PROGRAM.ts under Node 24. Itself it runs on Node 20 and uses
// nothing but Node, so `npm run demo` and `npm test` work right after `git clone`.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const WANTED_NODE = 24;

/** npm writes the hidden lock file last, so an interrupted install counts as missing. */
function installed() {
  const hiddenLock = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(hiddenLock)) return false;
  return statSync(hiddenLock).mtimeMs >= statSync(join(root, "package-lock.json")).mtimeMs;
}

function install() {
  console.error("Installing packages from the npm registry (once; about 400 MB to download) ...");
  const npmCli = process.env.npm_execpath;
  const [command, first] = npmCli?.endsWith("npm-cli.js") ? [process.execPath, npmCli] : ["npm"];
  const args = [...(first ? [first] : []), "ci", "--loglevel=error"];
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    // npm's own output goes to stderr: stdout belongs to the program.
    stdio: ["ignore", 2, 2],
    shell: command === "npm" && process.platform === "win32",
  });
  if (status !== 0) {
    console.error(`npm ci failed${error ? `: ${error.message}` : ""}`);
    process.exit(1);
  }
}

/** This Node when it is new enough, else the one that the optional dependencies brought. */
function findNode() {
  if (Number.parseInt(process.versions.node, 10) >= WANTED_NODE) return process.execPath;
  const binary = process.platform === "win32" ? "node.exe" : "node";
  const system = process.platform === "win32" ? "win" : process.platform;
  for (const name of [`node-${system}-${process.arch}`, `node-bin-${system}-${process.arch}`]) {
    const path = join(root, "node_modules", name, "bin", binary);
    if (existsSync(path)) return path;
  }
  console.error(
    `cosal needs Node ${WANTED_NODE} or newer here: this is ${process.version}, and npm has no ` +
      `Node package for ${process.platform}-${process.arch}.`,
  );
  process.exit(1);
}

if (!installed()) install();
const node = findNode();
const [program, ...args] = process.argv.slice(2);
const path = [dirname(node), join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
const child = spawn(node, [join(root, program), ...args], {
  stdio: "inherit",
  // Arguments such as `npm run demo -- DIR` are relative to where the user stands.
  cwd: process.env.INIT_CWD ?? process.cwd(),
  env: { ...process.env, PATH: path },
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
});
