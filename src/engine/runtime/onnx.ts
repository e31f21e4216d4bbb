import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import { runExclusive } from "./mutex.ts";
import type { Runtime, Session } from "./runtime.ts";

/** One of onnxruntime's log levels. */
const ERRORS = 3;

/** The interface that onnxruntime's packages have in common. */
export interface OnnxRuntimeModule {
  readonly InferenceSession: {
    create(graph: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OrtTensor;
}

/** A runtime that uses one of onnxruntime's packages. */
export function onnxRuntime(
  ort: OnnxRuntimeModule,
  options: InferenceSession.SessionOptions,
): Runtime {
  return {
    async open(graph) {
      const session = await runExclusive(() =>
        ort.InferenceSession.create(graph, { ...options, logSeverityLevel: ERRORS }),
      );
      return sessionOf(session, ort);
    },
  };
}

/**
 * A separate function, because a closure next to `graph` would keep the file's bytes alive as long
 * as the session.
 */
function sessionOf(session: InferenceSession, ort: OnnxRuntimeModule): Session {
  return {
    async run(inputs) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, dims }]) => [
          name,
          new ort.Tensor("float32", data, dims),
        ]),
      );
      const outputs = await runExclusive(() => session.run(feeds));
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { data, dims }]) => [
          name,
          { data: data as Float32Array, dims },
        ]),
      );
    },
    close: () => runExclusive(() => session.release()),
  };
}
