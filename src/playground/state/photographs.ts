import { type Signal, signal } from "@preact/signals";
import type { Box, LikenessMap } from "../../engine/index.ts";
import type { Mask, Problem } from "../engine/types.ts";
import type { Opened } from "../pictures/types.ts";

/** A marked example of the object, or of what is not meant, in pixels of the upright photograph. */
export type Mark = { readonly negative: boolean } & (
  | { readonly point: readonly [number, number] }
  | { readonly box: Box }
);

/** A photograph on the page, and its state. */
export interface Photograph {
  readonly id: number;
  readonly name: string;
  readonly file: Blob;
  readonly opened: Signal<Opened | undefined>;
  /** URL of the thumbnail. */
  readonly thumbnail: Signal<string | undefined>;
  readonly problem: Signal<Problem | undefined>;
  /** The network's result. */
  readonly mask: Signal<Mask | undefined>;
  /** Masks corrected by hand. The last one is used, the others are for undo. */
  readonly edits: Signal<readonly Mask["logits"][]>;
  readonly marks: Signal<readonly Mark[]>;
  readonly likeness: Signal<LikenessMap | undefined>;
}

/** All photographs, in the order in which they were added. */
export const photographs = signal<readonly Photograph[]>([]);

let next = 1;

export function createPhotograph(file: Blob, name: string): Photograph {
  return {
    id: next++,
    name,
    file,
    opened: signal(undefined),
    thumbnail: signal(undefined),
    problem: signal(undefined),
    mask: signal(undefined),
    edits: signal([]),
    marks: signal([]),
    likeness: signal(undefined),
  };
}

/** The photograph's mask: the corrected one, or else the network's. */
export function logitsOf({ mask, edits }: Photograph): Mask["logits"] | undefined {
  return edits.value.at(-1) ?? mask.value?.logits;
}

export function isReadable({ opened, problem }: Photograph): boolean {
  return opened.value !== undefined && problem.value === undefined;
}
