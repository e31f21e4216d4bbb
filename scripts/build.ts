// `npm run build [-- FOLDER]`: what package.json exports, as JavaScript and types, to dist/ (or
// FOLDER). Node runs TypeScript, but not inside node_modules.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = resolve(process.argv[2] ?? join(root, "dist"));
rmSync(folder, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules", "typescript", "bin", "tsc"),
    ...["--project", join(root, "tsconfig.build.json"), "--outDir", folder],
  ],
  { stdio: "inherit" },
);
process.exitCode = status ?? 1;
