// The static assets of the Worker, laid out in `.assets` from where their files are kept: the
// playground with the models, and what the documentation page needs. wrangler.toml runs this before
// it bundles.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

export const ASSETS = join(root, ".assets");

const SOURCES: readonly (readonly [from: string, to: string])[] = [
  ["dist/playground", "."],
  ["models", "models"],
  ["node_modules/swagger-ui-dist/swagger-ui.css", "docs/swagger-ui.css"],
  ["node_modules/swagger-ui-dist/swagger-ui-bundle.js", "docs/swagger-ui-bundle.js"],
];

/** What no request asks for. */
const LEFT_OUT = /(\/README\.md|\/golden\.\w+)$/;

/** Copies what is new or has changed. */
export function layOutAssets(): void {
  // A program of its own, since Vite builds asynchronously.
  const build = join(root, "scripts", "playground", "build.ts");
  const { status } = spawnSync(process.execPath, [build, "--if-outdated"], { stdio: "inherit" });
  if (status !== 0) throw new Error("The playground cannot be built.");
  mkdirSync(ASSETS, { recursive: true });
  for (const file of globSync("playground/*.{js,css}", { cwd: ASSETS })) {
    // Named by their contents: those of an earlier build would be deployed for ever.
    if (!existsSync(join(root, "dist", "playground", file))) rmSync(join(ASSETS, file));
  }
  for (const [from, to] of SOURCES) {
    cpSync(join(root, from), join(ASSETS, to), {
      recursive: true,
      filter: (source, copy) => !LEFT_OUT.test(source) && isNewer(source, copy),
    });
  }
}

function isNewer(source: string, copy: string): boolean {
  const now = statSync(source);
  const then = statSync(copy, { throwIfNoEntry: false });
  if (now.isDirectory() || then === undefined) return true;
  return now.mtimeMs > then.mtimeMs || now.size !== then.size;
}

if (process.argv[1] === import.meta.filename) layOutAssets();
