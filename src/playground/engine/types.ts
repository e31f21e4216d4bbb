import type { Box, Consensus, LikenessMap } from "../../engine/index.ts";
import type { ErrorCode } from "../../errors.ts";

/** Errors lose their class on the way between threads, so they travel as values. */
export interface Problem {
  readonly code: ErrorCode | "network" | "copy" | "unexpected";
  readonly message: string;
}

/** A photograph as the engine's thread is given it. */
export interface ImageTask {
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
}

/** A marked example, on the photograph of that id, in pixels of the upright photograph. */
export interface SeedTask {
  readonly id: number;
  /** Marks what is not meant. */
  readonly negative: boolean;
  readonly point?: readonly [number, number];
  readonly box?: Box;
}

export interface GroupTask {
  readonly images: readonly ImageTask[];
  readonly seeds: readonly SeedTask[];
  /** Instead of what the photographs share. */
  readonly consensus?: Consensus | undefined;
}

/** A mask as the network gives it, half the bytes of the engine's own. */
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
  /** Presence from which a photograph shows the object, and a group shares one. */
  readonly presence: { readonly image: number; readonly group: number };
}

export type Outcome<Value> = { readonly value: Value } | { readonly problem: Problem };

/** What the thread does for the page. */
export interface EngineThread {
  start(
    options: StartOptions,
    onDownload: (done: number, total: number) => void,
    onLost: (reason: string) => void,
  ): Promise<Outcome<StartedEngine>>;
  /** Ends with the group, or when another begins. */
  mask(group: GroupTask, onEvent: (event: EngineEvent) => void): Promise<Outcome<undefined>>;
  /** Stops the group that is being masked. */
  stop(): void;
  /** Where a photograph that was encoded looks like the object of a consensus. */
  likeness(digest: string, consensus: Consensus): Promise<LikenessMap | undefined>;
}
