import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { nativeRuntime } from "./native.ts";
import { nodeRuntime } from "./node.ts";

const MODEL = new URL("../../../models/cosal-lite/", import.meta.url);

test("the processor natively: what WASM computes", async () => {
  const graph = new Uint8Array(await readFile(new URL("seed.onnx", MODEL)));
  const { seed } = JSON.parse(await readFile(new URL("manifest.json", MODEL), "utf8")).graphs;
  const inputs = Object.fromEntries(
    Object.entries(seed.inputs as Record<string, (number | string)[]>).map(([name, shape]) => {
      const dims = shape.map((side) => (typeof side === "number" ? side : 1));
      const length = dims.reduce((product, side) => product * side, 1);
      return [name, { dims, data: Float32Array.from({ length }, (_, i) => Math.abs(Math.sin(i))) }];
    }),
  );
  const run = async (runtime: Awaited<ReturnType<typeof nativeRuntime>>) => {
    const session = await runtime.open(graph);
    const { sums } = await session.run(inputs);
    await session.close();
    return sums?.data as Float32Array;
  };
  const [wasm, native] = [await run(nodeRuntime()), await run(await nativeRuntime())];
  expect(native).toHaveLength(wasm.length);
  for (const [i, value] of native.entries()) expect(value).toBeCloseTo(wasm[i] as number, 3);
});
