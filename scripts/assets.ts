// The static assets of the Worker, laid out in `.assets` from where their files are kept: models,
// and what the documentation page needs. wrangler.toml runs this before it bundles.
import { cpSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

export const ASSETS = join(root, ".assets");

const SOURCES: readonly (readonly [from: string, to: string])[] = [
  ["models", "models"],
  ["node_modules/swagger-ui-dist/swagger-ui.css", "docs/swagger-ui.css"],
  ["node_modules/swagger-ui-dist/swagger-ui-bundle.js", "docs/swagger-ui-bundle.js"],
];

/** What no request asks for. */
const LEFT_OUT = /(\/README\.md|\/golden\.\w+)$/;

/** Copies what is new or has changed. */
export function layOutAssets(): void {
  mkdirSync(ASSETS, { recursive: true });
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
