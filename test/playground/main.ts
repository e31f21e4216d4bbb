// `npm run test:playground [-- VITEST-ARGUMENT...]`: the page in Chromium. Screenshots go to
// playground-shots/.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const vitest = join(import.meta.dirname, "..", "..", "node_modules", "vitest", "vitest.mjs");
const config = join(import.meta.dirname, "vitest.config.ts");
const { status } = spawnSync(
  process.execPath,
  [vitest, "run", "--config", config, ...process.argv.slice(2)],
  { stdio: "inherit" },
);
process.exitCode = status ?? 1;
