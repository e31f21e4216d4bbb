import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import type { Runtime, Session } from "./runtime.ts";

/** What onnxruntime's packages have in common. */
export interface OnnxRuntimeModule {
  readonly InferenceSession: {
    create(graph: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OrtTensor;
}

/**
 * A runtime on one of onnxruntime's packages. Everything in it goes through one lock: overlapping
 * runs, of one session or of several, wedge onnxruntime-web's WebGPU builds for good, and sessions
 * that are created at the same time fail with "Session already started".
 */
export function onnxRuntime(
  ort: OnnxRuntimeModule,
  options: InferenceSession.SessionOptions,
): Runtime {
  const exclusive = lock();
  return {
    async open(graph) {
      const session = await exclusive(() => ort.InferenceSession.create(graph, options));
      return sessionOf(session, ort, exclusive);
    },
  };
}

type Exclusive = <T>(work: () => Promise<T>) => Promise<T>;

/** On its own, because a closure beside `graph` would keep the file's bytes as long as the session. */
function sessionOf(
  session: InferenceSession,
  ort: OnnxRuntimeModule,
  exclusive: Exclusive,
): Session {
  return {
    async run(inputs) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { data, dims }]) => [
          name,
          new ort.Tensor("float32", data, dims),
        ]),
      );
      const outputs = await exclusive(() => session.run(feeds));
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { data, dims }]) => [
          name,
          { data: data as Float32Array, dims },
        ]),
      );
    },
    close: () => exclusive(() => session.release()),
  };
}

/**
 * One piece of work at a time. In a Worker a request that is dropped never settles its promises, and
 * would leave this lock shut; but onnxruntime's WASM build does no I/O and sets no timer, so a piece
 * of work there ends within the turn of the event loop in which it began.
 */
function lock(): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work, work);
    last = result;
    return result;
  };
}
