import { CosalError } from "../../errors.ts";
import { decodingCost } from "../cost.ts";
import { checkBytes, checkSize, WORKER_DECODER_HEAP } from "../limits.ts";
import type { ImageHeader, ImageType, OptionalType } from "../types.ts";
import { isAvif, readAvif } from "./avif.ts";
import { FOREIGN, type ForeignType, foreignTypeOf } from "./foreign-types.ts";
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

/** What is taken, and how large it may be. */
export interface Taken {
  /** Bytes that a decoder's heap may grow to. */
  readonly heap: number;
  readonly types: readonly ImageType[];
  /** Types that another decoder decodes: headers are read, and no heap is counted. */
  readonly elsewhere?: readonly OptionalType[];
}

/** Types that every platform decodes; the rest are `OptionalType`. */
export const COMMON_TYPES = ["image/jpeg", "image/png", "image/webp", "image/avif"] as const;

/**
 * Type, upright size and orientation of an image file, told by its first bytes and never by a name,
 * and held against the limits. No pixel is decoded.
 *
 * @throws CosalError image_type_unsupported, image_undecodable, image_too_large,
 * image_too_many_pixels, image_too_small
 */
export function readHeader(bytes: Uint8Array, taken: Partial<Taken> = {}): ImageHeader {
  return readStored(bytes, { heap: WORKER_DECODER_HEAP, types: COMMON_TYPES, ...taken }).header;
}

/** The same, with what a decoder has to know. */
export function readStored(
  bytes: Uint8Array,
  taken: Taken,
): { readonly header: ImageHeader; readonly stored: StoredImage } {
  checkBytes(bytes);
  const format = FORMATS.find(({ matches }) => matches(bytes));
  const isDecoded = format !== undefined && taken.types.includes(format.type);
  const decodedElsewhere = taken.elsewhere?.find((type) => type === format?.type);
  if (format === undefined || !(isDecoded || decodedElsewhere)) throw unsupported(bytes, taken);
  const stored = format.read(bytes);
  const { kind, crop, orientation } = stored;
  const heap = isDecoded ? taken.heap : Number.POSITIVE_INFINITY;
  checkSize({ ...stored, bytes: bytes.length }, heap);
  const { width, height } = crop ?? stored;
  if (crop !== undefined) checkSize({ kind, width, height, bytes: bytes.length }, heap);
  const upright = orientation < 5 ? { width, height } : { width: height, height: width };
  const cost = decodingCost({ ...stored, bytes: bytes.length });
  const header = { type: format.type, kind, ...upright, orientation, cost };
  return { header: isDecoded ? header : { ...header, decodedElsewhere }, stored };
}

/** Says what the file is, where that is known, and what to do. */
export function unsupported(bytes: Uint8Array, { types }: Pick<Taken, "types">): CosalError {
  if (bytes.length === 0) return refusal("The file is empty.");
  const foreign = foreignTypeOf(bytes);
  return foreign === undefined
    ? refusal(`The file is none of ${namesOf(types)} (told by its first bytes).`)
    : foreignRefusal(foreign, types);
}

/** The same of a file whose type is all that is known. */
export function unsupportedType(type: OptionalType): CosalError {
  return foreignRefusal(FOREIGN[type], COMMON_TYPES);
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
