import type { Pixels } from "../types.ts";

/** The size at which an image is decoded. */
export interface Scaled {
  /** Stored size in pixels, from the file's header. */
  readonly width: number;
  readonly height: number;
  /** 1 to 8: a JPEG is decoded at that many eighths of its size, rounded up. Ignored for other types. */
  readonly eighths: number;
}

/** A decoder with a WebAssembly heap of its own, which grows and never shrinks. */
export interface HeapDecoder {
  /** Bytes of the heap now. */
  readonly heapBytes: number;
  /**
   * Decodes one file and passes the stored pixels (orientation not applied) to `visit`. They are in the
   * heap, and invalid after `visit` returns. After an error, the heap may be in any state, so drop the
   * decoder.
   */
  decode<T>(bytes: Uint8Array, visit: (pixels: Pixels) => T, scaled: Scaled): T;
}
