// `npm run bench:package`: what `npx cosal` fetches and keeps, package by package. Installs it with
// an empty cache.
import { lstatSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { installPacked } from "../../test/package/install.ts";

interface Part {
  readonly name: string;
  /** Bytes. */
  readonly download: number;
  readonly installed: number;
}

const { folder, downloads, tarball } = installPacked();
const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
const parts: Part[] = Object.entries<{ integrity: string }>(lock.packages)
  .filter(([path]) => path !== "" && statSync(join(folder, path), { throwIfNoEntry: false }))
  .map(([path, { integrity }]) => ({
    name: path.replace(/^node_modules\//, ""),
    download: downloads.get(integrity) ?? statSync(tarball).size,
    installed: bytesIn(join(folder, path)),
  }))
  .sort((a, b) => b.installed - a.installed);

const cosal = join(folder, "node_modules", "cosal");
console.log("                                     download  installed, MB");
for (const part of parts.slice(0, 15)) print(part);
const rest = parts.slice(15);
print(sum(`${rest.length} others`, rest));
print(sum("all", parts));
console.log("\nof cosal itself");
for (const path of [
  ...["models", "dist/engine/runtime/ort-wasm-simd-threaded.wasm", "dist/server/swagger-ui"],
  ...["dist", "third-party", ""],
]) {
  const name = path === "" ? "all" : path;
  console.log(`  ${name.padEnd(52)} ${megabytes(bytesIn(join(cosal, path)))}`);
}
rmSync(folder, { recursive: true });

function print({ name, download, installed }: Part): void {
  console.log(`${name.padEnd(36)} ${megabytes(download)} ${megabytes(installed)}`);
}

function sum(name: string, of: readonly Part[]): Part {
  const total = (key: "download" | "installed") => of.reduce((bytes, one) => bytes + one[key], 0);
  return { name, download: total("download"), installed: total("installed") };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2).padStart(8);
}

/** Of a file, or of all in a folder but packages within. */
function bytesIn(path: string): number {
  const { size } = lstatSync(path);
  if (!statSync(path).isDirectory()) return size;
  return readdirSync(path)
    .filter((name) => name !== "node_modules")
    .reduce((bytes, name) => bytes + bytesIn(join(path, name)), 0);
}
