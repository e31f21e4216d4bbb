import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const root = join(import.meta.dirname, "..", "..");
const modules = join(root, "node_modules");
const { version } = JSON.parse(
  readFileSync(join(modules, "onnxruntime-web", "package.json"), "utf8"),
) as { version: string };

/** Named by its version, so that browsers may keep its files for good. */
export const RUNTIME_FOLDER = `playground/runtime-${version}`;

const BUILDS = ["", ".jspi", ".asyncify"].map((suffix) => `ort-wasm-simd-threaded${suffix}`);

const COPIES: readonly (readonly [from: string, to: string])[] = [
  ...BUILDS.map((name): [string, string] => [
    `node_modules/onnxruntime-web/dist/${name}.mjs`,
    `${RUNTIME_FOLDER}/${name}.mjs`,
  ]),
  ["node_modules/@cwasm/jpeg-turbo/jpeg-turbo.wasm", `${RUNTIME_FOLDER}/jpeg-turbo.wasm`],
  ["node_modules/@jsquash/webp/codec/dec/webp_dec.wasm", `${RUNTIME_FOLDER}/webp_dec.wasm`],
  ["node_modules/@jsquash/avif/codec/dec/avif_dec.wasm", `${RUNTIME_FOLDER}/avif_dec.wasm`],
  ["models", "models"],
  ["examples", "playground/samples"],
];

/** What no page asks for. */
const LEFT_OUT = /(\/README\.md|\/golden\.\w+|\/failures\.jpg)$/;

/** onnxruntime's `.wasm` files, compressed: for hosts that do not, or that take no file of 25 MB. */
const cache = join(modules, ".cache", "cosal", version);

function compressed(name: string): string {
  const file = join(cache, `${name}.wasm.gz`);
  if (!existsSync(file)) {
    mkdirSync(cache, { recursive: true });
    const bytes = readFileSync(join(modules, "onnxruntime-web", "dist", `${name}.wasm`));
    writeFileSync(file, gzipSync(bytes, { level: 9 }));
  }
  return file;
}

/** Compressed bytes by the name of the `.wasm` file, for a progress bar. */
export function runtimeSizes(): Record<string, number> {
  return Object.fromEntries(
    BUILDS.map((name) => [`${name}.wasm`, statSync(compressed(name)).size]),
  );
}

/** Beside the page's scripts: runtime, decoders, model and samples. */
export function copyRuntimeFiles(folder: string): void {
  for (const [from, to] of COPIES) {
    cpSync(join(root, from), join(folder, to), {
      recursive: true,
      filter: (source) => !LEFT_OUT.test(source),
    });
  }
  for (const name of BUILDS) {
    cpSync(compressed(name), join(folder, RUNTIME_FOLDER, `${name}.wasm.gz`));
  }
}
