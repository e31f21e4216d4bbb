import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** cosal in an empty folder, as npm has installed it with an empty cache. */
export interface Installed {
  readonly folder: string;
  /** Bytes of everything that came from the registry, compressed, by its digest as lock files have it. */
  readonly downloads: ReadonlyMap<string, number>;
  /** What would be published. */
  readonly tarball: string;
}

/** Builds and packs this checkout, and installs the package with packages from the registry. */
export function installPacked(): Installed {
  const folder = mkdtempSync(join(tmpdir(), "cosal-installed-"));
  const cache = mkdtempSync(join(tmpdir(), "cosal-npm-cache-"));
  const npm = (args: string[], cwd: string) =>
    execFileSync("npm", [...args, "--cache", cache, "--no-audit", "--no-fund"], {
      ...{ cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
      env: { ...process.env, npm_config_ignore_scripts: "false" },
    });
  npm(["run", "build", "--silent"], root);
  const [packed] = JSON.parse(
    npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root),
  );
  const tarball = join(folder, packed.filename);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  npm(["install", "--loglevel=error", tarball], folder);
  const downloads = downloadsIn(cache);
  rmSync(cache, { recursive: true });
  return { folder, tarball, downloads };
}

/** What the index of npm's cache says: packages, and the registry's descriptions of them. */
function downloadsIn(cache: string): Map<string, number> {
  const sizes = new Map<string, number>();
  const index = join(cache, "_cacache", "index-v5");
  for (const file of globSync("*/*/*", { cwd: index })) {
    for (const line of readFileSync(join(index, file), "utf8").trim().split("\n")) {
      const { integrity, size } = JSON.parse(line.split("\t")[1] as string);
      sizes.set(integrity, size);
    }
  }
  return sizes;
}
