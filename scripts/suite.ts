// `node scripts/start.mjs scripts/suite.ts FOLDER [VITEST-ARGUMENT...]`: a suite that has a
// configuration of its own and is not part of `npm test`, as it takes minutes.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const [folder = "", ...args] = process.argv.slice(2);
const root = join(import.meta.dirname, "..");
const { status } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    ...["run", "--config", join(root, folder, "vitest.config.ts"), ...args],
  ],
  { stdio: "inherit" },
);
process.exitCode = status ?? 1;
