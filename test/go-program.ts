import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";

/** Where what tests have built is kept from one run to the next. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "cosal-test");

/**
 * A program from the Go module proxy, built the first time; undefined where that is not possible, and
 * then a line says which tests are skipped.
 *
 * @param path package of the program, as `go install` takes it
 * @param tests what needs it, for that line
 */
export function goProgram(path: string, version: string, tests: string): string | undefined {
  const name = basename(path.replace(/\/v\d+$/, ""));
  const folder = join(CACHE, `${name}-${version}`);
  const file = join(folder, name);
  if (existsSync(file)) return file;
  const go = ["go", "/usr/local/go/bin/go"].find(
    (command) => spawnSync(command, ["version"]).status === 0,
  );
  if (go === undefined) {
    console.warn(`${tests} are skipped: they need Go, to build ${name}.`);
    return undefined;
  }
  console.warn(`Building ${path}@${version}, once.`);
  mkdirSync(CACHE, { recursive: true });
  const building = mkdtempSync(join(CACHE, "building-"));
  try {
    execFileSync(go, ["install", `${path}@${version}`], {
      env: { ...process.env, GOBIN: building },
      stdio: "pipe",
    });
    mkdirSync(folder, { recursive: true });
    renameSync(join(building, name), file);
    return file;
  } catch (error) {
    console.warn(`${tests} are skipped: ${name} cannot be built. ${(error as Error).message}`);
    return undefined;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}
