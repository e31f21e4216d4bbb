import { CosalError } from "../../errors.ts";
import { decodingCost } from "../cost.ts";
import { checkBytes, checkSize, WORKER_DECODER_HEAP } from "../limits.ts";
import type { ImageHeader, ImageType } from "../types.ts";
import { isAvif, readAvif } from "./avif.ts";
import { foreignTypeOf } from "./foreign-types.ts";
import { isJpeg, readJpeg } from "./jpeg.ts";
import { isPng, readPng } from "./png.ts";
import type { StoredImage } from "./stored-image.ts";
import { isWebp, readWebp } from "./webp.ts";

interface Format {
  readonly type: ImageType;
  readonly matches: (bytes: Uint8Array) => boolean;
  readonly read: (bytes: Uint8Array) => StoredImage;
}

const FORMATS: readonly Format[] = [
  { type: "image/jpeg", matches: isJpeg, read: readJpeg },
  { type: "image/png", matches: isPng, read: readPng },
  { type: "image/webp", matches: isWebp, read: readWebp },
  { type: "image/avif", matches: isAvif, read: readAvif },
];

/**
 * Type, upright size and orientation of an image file, told by its first bytes and never by a name,
 * and held against the limits. No pixel is decoded.
 *
 * @param decoderHeap bytes that a decoder's heap may grow to
 *
 * @throws CosalError image_type_unsupported, image_undecodable, image_too_large,
 * image_too_many_pixels, image_too_small
 */
export function readHeader(
  bytes: Uint8Array,
  decoderHeap: number = WORKER_DECODER_HEAP,
): ImageHeader {
  return readStored(bytes, decoderHeap).header;
}

/** The same, with what a decoder has to know. */
export function readStored(
  bytes: Uint8Array,
  decoderHeap: number,
): { readonly header: ImageHeader; readonly stored: StoredImage } {
  checkBytes(bytes);
  const format = FORMATS.find(({ matches }) => matches(bytes));
  if (!format) throw unsupported(bytes);
  const stored = format.read(bytes);
  const { kind, crop, orientation } = stored;
  checkSize({ ...stored, bytes: bytes.length }, decoderHeap);
  const { width, height } = crop ?? stored;
  if (crop !== undefined) checkSize({ kind, width, height, bytes: bytes.length }, decoderHeap);
  const upright = orientation < 5 ? { width, height } : { width: height, height: width };
  const cost = decodingCost({ ...stored, bytes: bytes.length });
  return { header: { type: format.type, kind, ...upright, orientation, cost }, stored };
}

/** Says what the file is, where that is known, and what to do. */
function unsupported(bytes: Uint8Array): CosalError {
  const foreign = foreignTypeOf(bytes);
  const message =
    bytes.length === 0
      ? "The file is empty."
      : foreign === undefined
        ? "The file is neither JPEG nor PNG, WebP or AVIF (told by its first bytes)."
        : `The file is ${foreign.name}; JPEG, PNG, WebP and AVIF are taken. ${foreign.advice}`;
  return new CosalError("image_type_unsupported", message);
}
