import type { Pixels } from "../types.ts";

/** The size that an image is to come in. */
export interface Scaled {
  /** Size as stored, in pixels: what the file's header says. */
  readonly width: number;
  readonly height: number;
  /** 1 to 8: a JPEG comes at that many eighths of its size, rounded up. Others come as they are. */
  readonly eighths: number;
}

/** A decoder with a WebAssembly heap of its own, which grows and never shrinks. */
export interface HeapDecoder {
  /** Bytes of the heap now. */
  readonly heapBytes: number;
  /**
   * Decodes one file and shows the stored pixels (not turned upright) to `visit` while they lie in
   * the heap; they are gone when it returns. After an error the heap may be in any state: drop the
   * decoder.
   */
  decode<T>(bytes: Uint8Array, visit: (pixels: Pixels) => T, scaled: Scaled): T;
}
