/** A dense float32 tensor, row-major: `data.length` is the product of `dims`. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export type Tensors = Readonly<Record<string, Tensor>>;

/** A loaded graph. */
export interface Session {
  /** Runs the graph. Names and shapes are those of the manifest; unknown inputs are an error. */
  run(inputs: Tensors): Promise<Tensors>;
  close(): Promise<void>;
}

/** Runs ONNX graphs, somewhere. */
export interface Runtime {
  /** Loads a graph from the bytes of its file. */
  open(graph: Uint8Array): Promise<Session>;
}
