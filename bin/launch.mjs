// Starts a program of this package: as it was built (dist/), or from the sources of a checkout.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The first with SQLite, whose locks keep two servers out of one folder. */
const WANTED_NODE = [22, 13];
const [major, minor] = process.versions.node.split(".").map(Number);
const isOld = major < WANTED_NODE[0] || (major === WANTED_NODE[0] && minor < WANTED_NODE[1]);

/**
 * @param {string} name as it was typed
 * @param {string} program its file below `src` or `dist`, without the ending
 */
export async function launch(name, program) {
  const source = join("src", `${program}.ts`);
  if (existsSync(join(root, source))) {
    const start = join(root, "scripts", "start.mjs");
    const child = spawn(process.execPath, [start, source, ...process.argv.slice(2)], {
      stdio: "inherit",
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
      process.on(signal, () => child.kill(signal));
    child.on("exit", (code) => {
      process.exitCode = code ?? 1;
    });
  } else if (isOld) {
    console.error(
      `${name} needs Node ${WANTED_NODE.join(".")} or newer (24 for WebGPU): this is ${process.version}.\n` +
        "Get it from https://nodejs.org, or run: npx -p node@24 -p cosal cosal",
    );
    process.exitCode = 2;
  } else {
    await import(pathToFileURL(join(root, "dist", `${program}.js`)).href);
  }
}
