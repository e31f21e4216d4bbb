import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-web/wasm";
import { expect, test } from "vitest";
import { describeModel } from "../model.ts";
import { nodeRuntime } from "./node.ts";
import { onnxRuntime } from "./onnx.ts";
import { splitWeights } from "./weights.ts";

const MODEL = new URL("../../../models/cosal-lite/", import.meta.url);
const files = async (name: string) => new Uint8Array(await readFile(new URL(name, MODEL)));
const { manifest } = await describeModel(files);

test.each(Object.entries(manifest.graphs))(
  "%s gives the same with its weights taken out",
  async (_, graph) => {
    const whole = onnxRuntime(ort, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
    const inputs = Object.fromEntries(
      Object.entries(graph.inputs).map(([input, shape]) => {
        const dims = shape.map((side) => (side === "batch" ? 1 : side === "group" ? 3 : side));
        const length = dims.reduce((product, side) => product * side, 1);
        return [input, { dims, data: Float32Array.from({ length }, (_, i) => Math.sin(i)) }];
      }),
    );
    const split = nodeRuntime();
    const file = await files(graph.file);
    const wanted = await (await whole.open(file)).run(inputs);
    const found = await (await split.open(file)).run(inputs);
    expect(Object.keys(found)).toEqual(Object.keys(wanted));
    for (const [output, { data, dims }] of Object.entries(found)) {
      expect(dims).toEqual(wanted[output]?.dims);
      expect(data).toEqual(wanted[output]?.data);
    }
  },
);

test("what stays in the graph is small, and weights are in float32", async () => {
  const file = await files("encoder.onnx");
  const { graph, weights } = splitWeights(file);
  expect(graph.length).toBeLessThan(100_000);
  expect(weights.length).toBeGreaterThan(1.9 * (file.length - graph.length));
});

test("a file that is cut off is refused", async () => {
  const file = await files("seed.onnx");
  expect(() => splitWeights(file.subarray(0, file.length - 100))).toThrow();
  await expect(nodeRuntime().open(file.subarray(0, file.length - 100))).rejects.toThrow();
});
