// `npm test [-- VITEST-ARGUMENT...]`: types, lint and format, then both vitest projects. The last
// line is `N passed, N failed`; the two static checks count as one each.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const modules = join(root, "node_modules");

function runs(title: string, program: string, args: string[]): boolean {
  console.log(`\n> ${title}`);
  const { status } = spawnSync(process.execPath, [join(modules, program), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  return status === 0;
}

let passed = 0;
let failed = 0;
const count = (ok: boolean) => (ok ? passed++ : failed++);

count(runs("types", "typescript/bin/tsc", ["--noEmit"]));
count(runs("lint and format", "@biomejs/biome/bin/biome", ["check", "."]));

const folder = mkdtempSync(join(tmpdir(), "cosal-test-"));
const report = join(folder, "report.json");
const ok = runs("tests", "vitest/vitest.mjs", [
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
]);
try {
  const result = JSON.parse(readFileSync(report, "utf8"));
  passed += result.numPassedTests;
  // A file that cannot be loaded has no tests to count, and fails all the same.
  failed += Math.max(result.numFailedTests, ok ? 0 : 1);
} catch {
  failed++;
}
rmSync(folder, { recursive: true });

console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
