import { join } from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

test("the Worker's bundle has one runtime, and none of those for other places", async () => {
  const { metafile } = await build({
    entryPoints: [join(root, "src", "edge", "worker.ts")],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    loader: { ".wasm": "empty", ".onnx": "empty", ".html": "empty" },
    logLevel: "error",
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.filter((path) => path.includes("engine/runtime/")).length).toBeGreaterThan(0);
  expect(inputs.some((path) => path.endsWith("engine/runtime/workerd.ts"))).toBe(true);
  const others =
    /runtime\/(node|native|dawn|browser|gpu)\.ts$|onnxruntime-node|\/webgpu\/|\.jspi\./;
  expect(inputs.filter((path) => others.test(path))).toEqual([]);
});
