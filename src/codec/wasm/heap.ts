import type { Pixels } from "../types.ts";

/** A decoder with a WebAssembly heap of its own, which grows and never shrinks. */
export interface HeapDecoder {
  /** Bytes of the heap now. */
  readonly heapBytes: number;
  /**
   * Decodes one file and shows the stored pixels (not turned upright) to `visit` while they lie in
   * the heap; they are gone when it returns. After an error the heap may be in any state: drop the
   * decoder.
   */
  decode<T>(bytes: Uint8Array, visit: (pixels: Pixels) => T): T;
}
