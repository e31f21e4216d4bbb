import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelFiles } from "../engine/index.ts";

/** The project's folder, from the sources as from what is built of them. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

export function modelFiles(model: string): ModelFiles {
  return async function modelFile(name) {
    return new Uint8Array(await readFile(join(ROOT, "models", model, name)));
  };
}

/** A file of the documentation page, from the package that has it. */
export async function documentation(name: string): Promise<Response | undefined> {
  const url = import.meta.resolve(`swagger-ui-dist/${name}`);
  return new Response(new Uint8Array(await readFile(fileURLToPath(url))));
}
