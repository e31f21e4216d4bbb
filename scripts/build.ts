// `npm run build [-- FOLDER]`: what is published, as JavaScript and types, to dist/ (or FOLDER), and
// the playground. Node runs TypeScript, but not inside node_modules.
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DOCS_ASSETS } from "../src/app/routes/docs.ts";
import { buildPlayground } from "./playground/build.ts";

const root = join(import.meta.dirname, "..");
const modules = join(root, "node_modules");
const folder = resolve(process.argv[2] ?? join(root, "dist"));
rmSync(folder, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [
    join(modules, "typescript", "bin", "tsc"),
    ...["--project", join(root, "tsconfig.build.json"), "--outDir", folder],
  ],
  { stdio: "inherit" },
);
if (status === 0) {
  bundle();
  await buildPlayground(join(folder, "playground"));
  // The package has them beside dist/.
  rmSync(join(folder, "playground", "models"), { recursive: true });
}
process.exitCode = status ?? 1;

/** What is needed of large packages goes along; their licences are in `third-party`. */
function bundle(): void {
  const onnxruntime = join(modules, "onnxruntime-web", "dist");
  const runtime = join(folder, "engine", "runtime");
  const code = readFileSync(join(onnxruntime, "ort.wasm.bundle.min.mjs"), "utf8");
  writeFileSync(
    join(runtime, "onnxruntime-wasm.js"),
    code.replace(/^\/\/# sourceMappingURL=.*$/m, ""),
  );
  for (const name of ["ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"]) {
    cpSync(join(onnxruntime, name), join(runtime, name));
  }
  for (const name of DOCS_ASSETS) {
    cpSync(join(modules, "swagger-ui-dist", name), join(folder, "server", "swagger-ui", name));
  }
}
