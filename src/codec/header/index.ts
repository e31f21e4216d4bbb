import { CosalError } from "../../errors.ts";
import { decodingCost } from "../cost.ts";
import {
  checkBytes,
  checkScans,
  checkSize,
  maxScannedBlocks,
  WORKER_DECODER_HEAP,
} from "../limits.ts";
import type { ImageHeader, ImageType } from "../types.ts";
import { isAvif, readAvif } from "./avif.ts";
import { type ForeignType, foreignTypeOf } from "./foreign-types.ts";
import { isHeic, readHeic } from "./heic.ts";
import { isJpeg, readJpeg } from "./jpeg.ts";
import { isPng, readPng } from "./png.ts";
import type { StoredImage } from "./stored-image.ts";
import { isWebp, readWebp } from "./webp.ts";

interface Format {
  readonly type: ImageType;
  readonly name: string;
  readonly matches: (bytes: Uint8Array) => boolean;
  readonly read: (bytes: Uint8Array) => StoredImage;
}

const FORMATS: readonly Format[] = [
  { type: "image/jpeg", name: "JPEG", matches: isJpeg, read: readJpeg },
  { type: "image/png", name: "PNG", matches: isPng, read: readPng },
  { type: "image/webp", name: "WebP", matches: isWebp, read: readWebp },
  { type: "image/avif", name: "AVIF", matches: isAvif, read: readAvif },
  { type: "image/heic", name: "HEIC", matches: isHeic, read: readHeic },
];

/** The accepted types, and their limits. */
export interface Taken {
  /** Bytes that a decoder's heap may grow to. */
  readonly heap: number;
  readonly types: readonly ImageType[];
  /** Whether another decoder may decode files that this one does not. Their headers are read too. */
  readonly elsewhere?: boolean;
}

/** Types that every platform decodes. */
export const COMMON_TYPES = ["image/jpeg", "image/png", "image/webp", "image/avif"] as const;

/**
 * Reads type, upright size and orientation of an image file, and checks them against the limits. The
 * type is detected from the first bytes, never from a name. No pixels are decoded.
 *
 * @throws CosalError image_type_unsupported, image_undecodable, image_too_large,
 * image_too_many_pixels, image_too_small
 */
export function readHeader(bytes: Uint8Array, taken: Partial<Taken> = {}): ImageHeader {
  return readStored(bytes, { heap: WORKER_DECODER_HEAP, types: COMMON_TYPES, ...taken }).header;
}

/** The same, with the facts that a decoder needs. */
export function readStored(
  bytes: Uint8Array,
  taken: Taken,
): { readonly header: ImageHeader; readonly stored: StoredImage } {
  checkBytes(bytes);
  const format = FORMATS.find(({ matches }) => matches(bytes));
  const isDecoded = format !== undefined && taken.types.includes(format.type);
  if (format === undefined || !(isDecoded || taken.elsewhere)) throw unsupported(bytes, taken);
  const { type } = format;
  const stored = format.read(bytes);
  const { kind, crop, orientation } = stored;
  checkSizes(stored, bytes.length, taken.elsewhere ? Number.POSITIVE_INFINITY : taken.heap);
  const refusal = isDecoded
    ? tooLargeFor(taken.heap, stored, bytes.length)
    : unsupported(bytes, taken);
  const { width, height } = crop ?? stored;
  const upright = orientation < 5 ? { width, height } : { width: height, height: width };
  const cost = decodingCost({ ...stored, bytes: bytes.length });
  const header = { type, kind, ...upright, orientation, cost };
  if (refusal === undefined) return { header, stored };
  const decodedElsewhere = { type, kind, pixels: stored.width * stored.height, refusal };
  return { header: { ...header, decodedElsewhere }, stored };
}

/** Of all that is stored, and of the part of it that is shown. */
function checkSizes(stored: StoredImage, bytes: number, heap: number): void {
  const { kind, crop, scans, scannedBlocks = 0 } = stored;
  checkSize({ ...stored, bytes }, heap);
  if (scans !== undefined) checkScans(scans, scannedBlocks, maxScannedBlocks(heap));
  if (crop !== undefined) checkSize({ kind, ...crop, bytes }, heap);
}

function tooLargeFor(heap: number, stored: StoredImage, bytes: number): CosalError | undefined {
  try {
    checkSizes(stored, bytes, heap);
    return undefined;
  } catch (error) {
    return error as CosalError;
  }
}

/** The error for a type that is not accepted: says what the file is, if known, and what to do. */
export function unsupported(bytes: Uint8Array, { types }: Pick<Taken, "types">): CosalError {
  if (bytes.length === 0) return refusal("The file is empty.");
  const foreign = foreignTypeOf(bytes);
  return foreign === undefined
    ? refusal(`The file is none of ${namesOf(types)} (told by its first bytes).`)
    : foreignRefusal(foreign, types);
}

function foreignRefusal({ name, advice }: ForeignType, types: readonly ImageType[]): CosalError {
  return refusal(`The file is ${name}; ${namesOf(types)} are taken. ${advice}`);
}

function refusal(message: string): CosalError {
  return new CosalError("image_type_unsupported", message);
}

function namesOf(types: readonly ImageType[]): string {
  const names = FORMATS.filter(({ type }) => types.includes(type)).map(({ name }) => name);
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
