import type { Box } from "../../codec/index.ts";
import type { Detail } from "../../engine/index.ts";
import type { MaskFacts, RenderTask, StudioTask } from "../engine/task.ts";
import type { NamedPhotograph } from "../output/names.ts";

/** A mark on one of a set's photographs: what is meant, or is not. */
export interface Mark {
  readonly photograph: NamedPhotograph;
  readonly point?: readonly [number, number];
  readonly box?: Box;
  /** A picture's file; white is object. */
  readonly mask?: Uint8Array;
  /** Marks what is not meant. */
  readonly negative?: boolean;
}

/** What is wanted of a set. */
export interface SetRequest {
  /** Every photograph of the set: the consensus is learnt from these. */
  readonly photographs: readonly NamedPhotograph[];
  readonly marks: readonly Mark[];
  /** Whether a photograph still needs its mask. */
  readonly isWanted: (photograph: NamedPhotograph) => boolean;
  readonly renderOf: (photograph: NamedPhotograph) => RenderTask;
  readonly signal: AbortSignal;
  /** Photographs that have been looked at, before there is a consensus. */
  readonly onLearning: (done: number, total: number) => void;
}

export type SetEvent =
  /** What the photographs have in common, as a file. */
  | { readonly type: "learnt"; readonly consensus: Uint8Array }
  | {
      readonly type: "masked";
      readonly photograph: NamedPhotograph;
      readonly facts: MaskFacts & { readonly presence: number };
    }
  | {
      readonly type: "skipped";
      readonly photograph: NamedPhotograph;
      readonly code: string;
      readonly reason: string;
    };

export function modelAt(detail: Detail, model: string): string {
  return detail === "normal" ? model : `${model} detail=${detail}`;
}

/** Where masks come from: the engine in this process, or a service. */
export interface MaskSource extends AsyncDisposable {
  /** As it is shown: `native, 2 threads`. */
  readonly title: string;
  /** What masks depend on beside the photographs: the model, and how closely it looks (`modelAt`). */
  readonly model: string;
  /** Photographs that are worked on at the same time. */
  readonly width: number;
  /** Writes a picture of a studio set. */
  studio(photograph: NamedPhotograph, task: StudioTask): Promise<void>;
  /** Learns what a set has in common, and masks it. */
  segment(request: SetRequest): AsyncIterable<SetEvent>;
  /** Masks photographs with a consensus file, as they are asked for. */
  apply(
    consensus: Uint8Array,
    photographs: Iterable<NamedPhotograph> | AsyncIterable<NamedPhotograph>,
    request: Pick<SetRequest, "renderOf" | "signal">,
  ): AsyncIterable<SetEvent>;
}
