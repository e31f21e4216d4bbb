import type { Box, Consensus, LikenessMap } from "../../engine/index.ts";
import type { ErrorCode } from "../../errors.ts";

/** An error as a plain value, since errors lose their class between threads. */
export interface Problem {
  readonly code: ErrorCode | "network" | "copy" | "unexpected";
  readonly message: string;
}

/** A photograph for the engine's thread. */
export interface ImageTask {
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
}

/** A marked example in the photograph with this id, in pixels of the upright photograph. */
export interface SeedTask {
  readonly id: number;
  /** Whether this marks what is not the object. */
  readonly negative: boolean;
  readonly point?: readonly [number, number];
  readonly box?: Box;
}

export interface GroupTask {
  readonly images: readonly ImageTask[];
  readonly seeds: readonly SeedTask[];
  /** Used instead of the photographs' own consensus. */
  readonly consensus?: Consensus | undefined;
}

/** The network's mask as 16-bit floats, with half the bytes of the engine's. */
export interface Mask {
  /** Pixels of the upright photograph. */
  readonly width: number;
  readonly height: number;
  readonly presence: number;
  readonly confidence: number | undefined;
  readonly logits: { readonly width: number; readonly height: number; readonly data: Float16Array };
}

export type EngineEvent =
  | { readonly type: "encoded"; readonly id: number; readonly cached: boolean }
  | { readonly type: "consensus"; readonly consensus: Consensus }
  | { readonly type: "mask"; readonly id: number; readonly mask: Mask }
  | { readonly type: "skipped"; readonly id: number; readonly problem: Problem };

export interface StartOptions {
  readonly backend: "auto" | "webgpu" | "wasm";
  /** Address of the page. */
  readonly base: string;
}

export interface StartedEngine {
  readonly backend: "webgpu" | "wasm";
  readonly threads: number;
  readonly adapter: string | undefined;
  /** Minimum presence of a photograph that shows the object, and of a group that has one in common. */
  readonly presence: { readonly image: number; readonly group: number };
}

export type Outcome<Value> = { readonly value: Value } | { readonly problem: Problem };

/** Methods of the engine's thread. */
export interface EngineThread {
  start(
    options: StartOptions,
    onDownload: (done: number, total: number) => void,
    onLost: (reason: string) => void,
  ): Promise<Outcome<StartedEngine>>;
  /** Resolves when the group is done, or when another one starts. */
  mask(group: GroupTask, onEvent: (event: EngineEvent) => void): Promise<Outcome<undefined>>;
  /** Stops the group that is being masked. */
  stop(): void;
  /** Similarity of an encoded photograph to a consensus, by place. */
  likeness(digest: string, consensus: Consensus): Promise<LikenessMap | undefined>;
}
