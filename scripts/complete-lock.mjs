// `node scripts/complete-lock.mjs`, after `npm install PACKAGE`: npm leaves an optional dependency
// out of the lock file when the registry it asked does not hold that version (mirrors lag behind
// with other systems' binaries), and `npm ci` then refuses the lock file everywhere. This adds the
// missing entries, so that `npm ci` passes over them here and fetches them where they are wanted.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const systems = { darwin: "darwin", windows: "win32", win32: "win32", linux: "linux" };
const processors = { 64: "x64", x64: "x64", arm64: "arm64", ia32: "ia32" };

for (const [path, owner] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    const nested = path === "" ? `node_modules/${name}` : `${path}/node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[`node_modules/${name}`]) continue;
    const words = name.split("/").at(-1).split("-");
    const os = words.map((word) => systems[word]).find(Boolean);
    const cpu = words.map((word) => processors[word]).find(Boolean);
    if (!os || !cpu) throw new Error(`${name}: its name tells no system and processor`);
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(owner.dev ? { dev: true } : {}),
      optional: true,
      os: [os],
    };
    console.log(`added ${name}@${version} (${os}, ${cpu})`);
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
lock.packages = Object.fromEntries(sorted);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
