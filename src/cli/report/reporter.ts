import type { MaskEntry } from "../output/journal.ts";

/** A photograph that has no mask, and why. */
export interface SkippedPhotograph {
  readonly photograph: string;
  readonly code: string;
  readonly reason: string;
}

/** How a set went. */
export interface SetResult {
  readonly title: string;
  /** Where its files are. */
  readonly folder: string;
  readonly photographs: number;
  readonly masked: number;
  /** Masks that an earlier call had made. */
  readonly kept: number;
  /** Photographs that do not seem to show the object. */
  readonly absent: readonly { readonly photograph: string; readonly presence: number }[];
  /** Of the others, those whose mask is likely to be a poor one. */
  readonly doubtful: readonly { readonly photograph: string; readonly confidence: number }[];
  readonly skipped: readonly SkippedPhotograph[];
  /** What a person may want to know besides. */
  readonly notes: readonly string[];
  /** Mean presence, 0..1. */
  readonly common: number;
  readonly seconds: number;
}

/** Told of everything that happens in a call; shows it to a person or to a program. */
export interface Reporter {
  begin(set: { readonly title: string; readonly photographs: number; readonly how: string }): void;
  learning(done: number, total: number): void;
  masked(entry: MaskEntry, folder: string): void;
  skipped(photograph: SkippedPhotograph): void;
  /** Pictures of a studio set, once all masks are there. */
  composing(done: number, total: number): void;
  end(result: SetResult): void;
}
