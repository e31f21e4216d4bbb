import type { CosalError } from "../errors.ts";

/** Media types of photographs. HEIC needs an optional package; all platforms decode the others. */
export type ImageType = "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/heic";

/** Kinds of files, by the memory that a decoder needs for an image. */
export type ImageKind =
  | "baseline_jpeg"
  | "progressive_jpeg"
  | "png"
  | "interlaced_png"
  | "lossy_webp"
  | "lossless_webp"
  | "avif"
  | "heic";

/**
 * EXIF orientation, 1 to 8 (EXIF 2.32, tag 0x0112): how to rotate or mirror the stored pixels to show
 * them upright. 5 to 8 exchange width and height.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Facts from a file's structure, without decoding pixels. */
export interface ImageHeader {
  readonly type: ImageType;
  /** The kind of file, for its limits (`pixelLimits`). */
  readonly kind: ImageKind;
  /** Width in pixels, after orientation. */
  readonly width: number;
  /** Height in pixels, after orientation. */
  readonly height: number;
  readonly orientation: Orientation;
  /** Estimated time of decoding in WebAssembly, in milliseconds (`decodingCost`). */
  readonly cost: number;
  /** Set if this decoder does not decode the file, but another one may. */
  readonly decodedElsewhere?: DecodedElsewhere;
}

/** A file that needs another decoder, with more memory or with an optional package. */
export interface DecodedElsewhere {
  readonly type: ImageType;
  readonly kind: ImageKind;
  /** Pixels of the whole image as stored. */
  readonly pixels: number;
  /** The error if no other decoder accepts the file. */
  readonly refusal: CosalError;
}

/** Upright RGBA pixels, alpha not premultiplied: `data.length === width * height * 4`. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
  /** ICC profile of the colours. Missing for sRGB, or if the file has none. */
  readonly profile?: Uint8Array;
}

/** The network's input: `(rgb / 255 - mean) / std` per channel, NCHW. */
export interface InputFormat {
  readonly width: number;
  readonly height: number;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/**
 * Decodes files to pixels. Each isolate has one, from `codec/workerd.ts`, `node.ts` or `browser.ts`.
 *
 * All methods throw CosalError: image_type_unsupported, image_too_large, image_too_many_pixels,
 * image_too_small, image_undecodable.
 */
export interface Decoder {
  /** Media types that it decodes. */
  readonly types: readonly ImageType[];
  /** Reads type, size and orientation from the file's structure, and checks them against the limits. */
  inspect(bytes: Uint8Array): ImageHeader;
  /**
   * Decodes the whole photograph, upright. A JPEG whose pixels would fill more than half of the
   * decoder's heap is reduced: in a Worker, from 4 megapixels on.
   */
  decode(bytes: Uint8Array): Promise<Pixels>;
  /**
   * Decodes the photograph, upright, to network input `[3, height, width]`, with transparency over
   * white. Each axis is resized on its own, so the aspect ratio changes. A large JPEG is decoded at
   * reduced scale. Pixels never leave the decoder.
   *
   * @param into buffer for the result, so that a group needs no new memory for each photograph
   */
  sample(bytes: Uint8Array, format: InputFormat, into?: Float32Array): Promise<Float32Array>;
  /** Call between groups. It frees a heap that has grown for large images. */
  trim(): void;
}
