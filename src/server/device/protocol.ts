import type { TensorHead } from "./frames.ts";

// The protocol between the server and its device process. The device process handles one request at
// a time, in order, and sends one reply with the same `id` for each.

/** From the server to the device process. */
export type Request =
  /** The frame's bytes are an ONNX file. `graph` names its session from then on. */
  | { readonly kind: "open"; readonly id: number; readonly graph: number }
  /** The frame's bytes are the inputs' values. */
  | {
      readonly kind: "run";
      readonly id: number;
      readonly graph: number;
      readonly inputs: readonly TensorHead[];
    };

/** From the device process to the server. */
export type Reply =
  /** Sent once, when the runtime is open. */
  | { readonly kind: "ready"; readonly device: DeviceDescription }
  /** Sent once instead of `ready`: no runtime is available, and a restart would not help. */
  | { readonly kind: "unusable"; readonly message: string }
  | { readonly kind: "opened"; readonly id: number }
  /** The frame's bytes are the outputs' values. */
  | { readonly kind: "result"; readonly id: number; readonly outputs: readonly TensorHead[] }
  /** The device process exits after it, since a runtime that has thrown is not reliable. */
  | { readonly kind: "failed"; readonly id: number; readonly message: string };

/** The device that runs the graphs. */
export interface DeviceDescription {
  readonly runtime: RuntimeName;
  /** Name of the adapter or processor, for people. */
  readonly name: string;
}

export type RuntimeName = "webgpu" | "native" | "wasm";

/** One line of JSON, sent by a thread of the device process that no graph blocks. */
export interface Heartbeat {
  /** Resident memory of the whole process in bytes. */
  readonly memory: number;
}

/** File descriptors of the pipes in the device process. */
export const FRAMES_DESCRIPTOR = 3;
export const HEARTBEAT_DESCRIPTOR = 4;

/** Between two heartbeats, in milliseconds. */
export const HEARTBEAT_INTERVAL = 250;
