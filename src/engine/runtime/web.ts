import type { InferenceSession } from "onnxruntime-web";
import { type OnnxRuntimeModule, onnxRuntime } from "./onnx.ts";
import type { Runtime } from "./runtime.ts";
import { splitWeights, WEIGHTS_PATH } from "./weights.ts";

/**
 * A runtime that uses one of onnxruntime-web's builds. Splitting off the weights keeps its heap
 * small.
 */
export function webRuntime(
  ort: OnnxRuntimeModule,
  executionProviders: readonly InferenceSession.ExecutionProviderConfig[],
): Runtime {
  const InferenceSession: OnnxRuntimeModule["InferenceSession"] = {
    async create(file, options) {
      const { graph, weights } = splitWeights(file);
      const externalData = [{ path: WEIGHTS_PATH, data: weights }];
      try {
        return await ort.InferenceSession.create(graph, { ...options, externalData });
      } finally {
        // Freed now rather than when V8 gets to it: an isolate's garbage counts too.
        weights.buffer.transfer(0);
      }
    },
  };
  return onnxRuntime(
    { Tensor: ort.Tensor, InferenceSession },
    { executionProviders, graphOptimizationLevel: "all" },
  );
}
