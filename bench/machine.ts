import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { arch, cpus, release, totalmem, type } from "node:os";

/** Machine and versions, printed above every table. */
export function machine(): string {
  const require = createRequire(import.meta.url);
  const version = (name: string) => {
    const path = require.resolve.paths(name)?.map((folder) => `${folder}/${name}/package.json`);
    for (const file of path ?? []) {
      try {
        return JSON.parse(readFileSync(file, "utf8")).version as string;
      } catch {}
    }
    return "?";
  };
  const processors = cpus();
  return [
    `${processors.length} x ${processors[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()} ${arch()}`,
    `Node ${process.versions.node} (V8 ${process.versions.v8}), onnxruntime-web ${version("onnxruntime-web")}, workerd ${version("workerd")}, wrangler ${version("wrangler")}`,
  ].join("\n");
}
