export type ImageType = "image/jpeg" | "image/png" | "image/webp" | "image/avif";

/** What a file's first bytes say, before anything is inflated. */
export interface ImageHeader {
  readonly type: ImageType;
  /** Pixels across, after EXIF orientation. */
  readonly width: number;
  /** Pixels down, after EXIF orientation. */
  readonly height: number;
}

/** Upright RGBA pixels: `data.length === width * height * 4`. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Turns file bytes into pixels. One per isolate; `codec/workerd.ts` and `codec/node.ts` make them. */
export interface Decoder {
  /** @throws CosalError image_type_unsupported, image_undecodable, image_too_large, image_too_many_pixels, image_too_small */
  decode(bytes: Uint8Array): Promise<Pixels>;
}
