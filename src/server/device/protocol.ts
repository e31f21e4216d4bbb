import type { TensorHead } from "./frames.ts";

// What the server and its device process say to each other. The device process does one thing at a
// time, in the order asked for, and answers each request with one reply of the same `id`.

/** Server to device process. */
export type Request =
  /** The frame's bytes are an ONNX file. From now on `graph` names the session. */
  | { readonly kind: "open"; readonly id: number; readonly graph: number }
  /** The frame's bytes are the inputs' values. */
  | {
      readonly kind: "run";
      readonly id: number;
      readonly graph: number;
      readonly inputs: readonly TensorHead[];
    };

/** Device process to server. */
export type Reply =
  /** Once, when the runtime is there. */
  | { readonly kind: "ready"; readonly device: DeviceDescription }
  /** Once, in place of `ready`: there is nothing to run graphs on, and trying again is no use. */
  | { readonly kind: "unusable"; readonly message: string }
  | { readonly kind: "opened"; readonly id: number }
  /** The frame's bytes are the outputs' values. */
  | { readonly kind: "result"; readonly id: number; readonly outputs: readonly TensorHead[] }
  /** The device process ends after it: a runtime that has thrown is not trusted any further. */
  | { readonly kind: "failed"; readonly id: number; readonly message: string };

/** What the graphs run on. */
export interface DeviceDescription {
  readonly runtime: RuntimeName;
  /** What it is called, for people: an adapter or a processor. */
  readonly name: string;
}

export type RuntimeName = "webgpu" | "native" | "wasm";

/** Sent as one line of JSON by a thread of the device process that no graph ever blocks. */
export interface Heartbeat {
  /** Resident memory of the whole process in bytes. */
  readonly memory: number;
}

/** The pipes between the two, by file descriptor in the device process. */
export const FRAMES_DESCRIPTOR = 3;
export const HEARTBEAT_DESCRIPTOR = 4;

/** Between two heartbeats, in milliseconds. */
export const HEARTBEAT_INTERVAL = 250;
