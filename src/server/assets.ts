import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { ModelFiles } from "../engine/index.ts";

/** The project's folder, from the sources as from what is built of them. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

export function modelFiles(model: string): ModelFiles {
  return async function modelFile(name) {
    return new Uint8Array(await readFile(join(ROOT, "models", model, name)));
  };
}

/** Nothing that leaves the folder, or that a file of the page is not called. */
const IS_FILE = /^(\/[\w-][\w.-]*)+$/;

/** A file of the playground, where it has been built. The models are there anyway. */
export async function pageFile(path: string): Promise<Response | undefined> {
  if (!IS_FILE.test(path)) return undefined;
  const folder = path.startsWith("/models/") ? ROOT : join(ROOT, "dist", "playground");
  const bytes = await readFile(join(folder, path)).catch(() => undefined);
  if (bytes !== undefined) return new Response(bytes);
  return path.endsWith(`/${RUNTIME}.gz`) ? compressedRuntime() : undefined;
}

const RUNTIME = "ort-wasm-simd-threaded.wasm";

let runtime: Promise<Uint8Array<ArrayBuffer>> | undefined;

/**
 * onnxruntime's WebAssembly as the page asks for it. The published package has one copy of it, which
 * the command loads: `files` in package.json leaves the page's out.
 */
async function compressedRuntime(): Promise<Response | undefined> {
  const file = join(ROOT, "dist", "engine", "runtime", RUNTIME);
  runtime ??= readFile(file).then(async (bytes) => new Uint8Array(await promisify(gzip)(bytes)));
  const bytes = await runtime.catch(() => undefined);
  return bytes && new Response(bytes);
}

/**
 * A file of the documentation page: in a checkout from the package that has it, else from where
 * `scripts/build.ts` has copied it.
 */
export async function documentation(name: string): Promise<Response | undefined> {
  const url = import.meta.url.endsWith(".ts")
    ? new URL(import.meta.resolve(`swagger-ui-dist/${name}`))
    : new URL(`swagger-ui/${name}`, import.meta.url);
  return new Response(new Uint8Array(await readFile(url)));
}
