// The playground's page, built to dist/playground: a folder that any static host can serve. `npm run
// build` calls it, and so do what serves the page from the sources, when a source is newer.
import { globSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { build, type Rolldown } from "vite";
import { headersFile, withPolicy } from "./headers.ts";
import { copyRuntimeFiles, RUNTIME_FOLDER, runtimeSizes } from "./runtime-files.ts";

const root = join(import.meta.dirname, "..", "..");
const source = join(root, "src", "playground");

export const PLAYGROUND = join(root, "dist", "playground");

/**
 * Modules of these rooms do nothing but define what they export. Without being told so, the bundler
 * keeps every one that computes a table: a tenth of the page.
 */
const treeshake = {
  moduleSideEffects: (id: string) => !/\/src\/(codec|engine|client|group|annotations)\//.test(id),
};

/** @throws Error when a module cannot be built */
export async function buildPlayground(folder = PLAYGROUND): Promise<void> {
  const output = (await build({
    root: source,
    base: "./",
    configFile: false,
    envDir: false,
    publicDir: false,
    logLevel: "error",
    define: {
      RUNTIME_FOLDER: JSON.stringify(RUNTIME_FOLDER),
      RUNTIME_SIZES: JSON.stringify(runtimeSizes()),
    },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    // onnxruntime-web's modules load their WebAssembly glue from files of their own.
    resolve: { conditions: ["onnxruntime-web-use-extern-wasm", "browser", "module", "import"] },
    worker: { format: "es", rolldownOptions: { treeshake } },
    build: {
      outDir: folder,
      emptyOutDir: true,
      assetsDir: "playground",
      target: "es2024",
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      rolldownOptions: { treeshake },
    },
  })) as Rolldown.RolldownOutput;
  // Named by the decoders' glue, which is given modules from the runtime's folder instead.
  for (const file of globSync("playground/*.wasm", { cwd: folder })) rmSync(join(folder, file));
  copyRuntimeFiles(folder);
  const page = join(folder, "index.html");
  writeFileSync(page, withPolicy(readFileSync(page, "utf8")));
  writeFileSync(join(folder, "_headers"), headersFile());
  writeServiceWorker(folder, output);
}

/** The service worker knows the names of what makes up the page, to keep it for when there is no network. */
function writeServiceWorker(folder: string, { output }: Rolldown.RolldownOutput): void {
  const workers = globSync("playground/*.{js,css}", { cwd: folder });
  const files = [...new Set([...output.map(({ fileName }) => fileName), ...workers])]
    .filter((name) => !/\.(html|wasm)$/.test(name))
    .sort();
  buildSync({
    entryPoints: [join(source, "service-worker.ts")],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    outfile: join(folder, "service-worker.js"),
    define: { FILES: JSON.stringify(files) },
    logLevel: "error",
  });
}

/** Whether a source is newer than what was built of it. */
export function isOutdated(): boolean {
  const built = statSync(join(PLAYGROUND, "service-worker.js"), { throwIfNoEntry: false });
  if (built === undefined) return true;
  const sources = globSync(
    [
      "src/{playground,engine,codec,client,group}/**/*.{ts,tsx,css,html,svg}",
      "models/*/manifest.json",
    ],
    { cwd: root },
  );
  return sources.some((file) => statSync(join(root, file)).mtimeMs > built.mtimeMs);
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv[2] !== "--if-outdated" || isOutdated()) await buildPlayground();
}
