import type { CosalError } from "../errors.ts";

/** HEIC is decoded where an optional package is installed, the others everywhere. */
export type ImageType = "image/jpeg" | "image/png" | "image/webp" | "image/avif" | "image/heic";

/** Kinds of files that differ in what a decoder keeps of an image while it works. */
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
 * EXIF orientation, 1 to 8 (EXIF 2.32, tag 0x0112): how the stored pixels have to be turned to be
 * upright. 5 to 8 exchange width and height.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** What a file's structure says, before any pixel is decoded. */
export interface ImageHeader {
  readonly type: ImageType;
  /** What its limits depend on (`pixelLimits`). */
  readonly kind: ImageKind;
  /** Pixels across, after orientation. */
  readonly width: number;
  /** Pixels down, after orientation. */
  readonly height: number;
  readonly orientation: Orientation;
  /** Milliseconds that decoding it takes in WebAssembly, estimated (`decodingCost`). */
  readonly cost: number;
  /** Missing where the decoder that was asked decodes the file itself. */
  readonly decodedElsewhere?: DecodedElsewhere;
}

/** A file that a decoder does not decode, while another one may: it has more memory, or a package. */
export interface DecodedElsewhere {
  readonly type: ImageType;
  readonly kind: ImageKind;
  /** Of the whole image as stored. */
  readonly pixels: number;
  /** What is thrown where no other decoder takes it. */
  readonly refusal: CosalError;
}

/** Upright RGBA pixels, alpha not premultiplied: `data.length === width * height * 4`. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
  /** ICC profile of the colours; sRGB, or what the file left open, where it is missing. */
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
 * File bytes to pixels. One per isolate: `codec/workerd.ts` and `codec/node.ts` make them.
 *
 * All methods throw CosalError: image_type_unsupported, image_too_large, image_too_many_pixels,
 * image_too_small, image_undecodable.
 */
export interface Decoder {
  /** What it decodes. */
  readonly types: readonly ImageType[];
  /** Type, size and orientation, read from the file's structure and held against the limits. */
  inspect(bytes: Uint8Array): ImageHeader;
  /**
   * The whole photograph, upright. Of a JPEG whose pixels would fill more than half of the decoder's
   * heap, a reduced one: in a Worker from 4 megapixels on.
   */
  decode(bytes: Uint8Array): Promise<Pixels>;
  /**
   * The photograph, upright, as network input `[3, height, width]`: transparency over white, each
   * axis resized on its own (the aspect is not kept). A large JPEG is decoded at reduced scale; pixels
   * never leave the decoder.
   *
   * @param into where to put it, so that a group needs no new memory for each photograph
   */
  sample(bytes: Uint8Array, format: InputFormat, into?: Float32Array): Promise<Float32Array>;
  /** Between groups: gives a heap back that large images have blown up. */
  trim(): void;
}
