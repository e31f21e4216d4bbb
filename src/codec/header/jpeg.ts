import { CosalError } from "../../errors.ts";
import { IMAGE_KINDS } from "../limits.ts";
import type { Orientation } from "../types.ts";
import { broken, truncated, viewOf } from "./bytes.ts";
import { exifOrientation } from "./exif.ts";
import type { StoredImage } from "./stored-image.ts";

const BASELINE = 0xc0;
const EXTENDED = 0xc1;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP1 = 0xe1;
const TEM = 0x01;
const BYTES_PER_COEFFICIENT = 2;
/**
 * Scans of a progressive image, each of which goes through all of it. Encoders make about ten; a
 * file of 16 MB has room for a million.
 */
const MAX_SCANS = 100;
const EXIF_PREFIX = [0x45, 0x78, 0x69, 0x66, 0, 0]; // "Exif\0\0"

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === SOI && bytes[2] === 0xff;
}

/** Walks the marker segments (ITU-T T.81, B.1.1) to the end-of-image marker. */
export function readJpeg(bytes: Uint8Array): StoredImage {
  const view = viewOf(bytes);
  let frame: Frame | undefined;
  let scans = 0;
  let interleaved = true;
  let orientation: Orientation = 1;
  let offset = 2;
  for (;;) {
    if (offset + 2 > bytes.length) throw truncated("JPEG");
    if (bytes[offset] !== 0xff) throw broken("JPEG", "a marker is missing");
    const marker = bytes[offset + 1] as number;
    if (marker === 0xff) {
      offset += 1; // fill byte
      continue;
    }
    offset += 2;
    if (marker === EOI) break;
    if (isRestart(marker) || marker === TEM || marker === SOI) continue;
    if (offset + 2 > bytes.length) throw truncated("JPEG");
    const end = offset + view.getUint16(offset);
    if (end > bytes.length) throw truncated("JPEG");
    if (isFrame(marker)) frame = readFrame(view, offset, end, marker);
    if (marker === APP1 && EXIF_PREFIX.every((byte, i) => bytes[offset + 2 + i] === byte)) {
      orientation = exifOrientation(bytes.subarray(offset + 8, end));
    }
    if (marker === SOS) {
      if (++scans > MAX_SCANS) throw broken("JPEG", `it has more than ${MAX_SCANS} scans`);
      if (bytes[offset + 2] !== frame?.components) interleaved = false;
      offset = endOfScan(bytes, end);
    } else offset = end;
  }
  if (!frame) throw broken("JPEG", "it has no image");
  const { width, height, sequential, samples } = frame;
  if (sequential && interleaved) return { kind: "baseline_jpeg", width, height, orientation };
  // When a pixel is not complete in one scan, all coefficients are kept to the end.
  const bytesPerPixel = IMAGE_KINDS.baseline_jpeg.bytesPerPixel + BYTES_PER_COEFFICIENT * samples;
  return { kind: "progressive_jpeg", width, height, orientation, bytesPerPixel };
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly sequential: boolean;
  /** Samples of all components for each pixel: 1.5 when colour has half of the resolution. */
  readonly samples: number;
}

/** Start-of-frame markers: C0 to CF without DHT (C4), JPG (C8) and DAC (CC). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function isRestart(marker: number): boolean {
  return marker >= 0xd0 && marker <= 0xd7;
}

function readFrame(view: DataView, offset: number, end: number, marker: number): Frame {
  if (end - offset < 8) throw broken("JPEG", "its frame header is too short");
  const precision = view.getUint8(offset + 2);
  const components = view.getUint8(offset + 7);
  if (precision !== 8) {
    throw new CosalError(
      "image_type_unsupported",
      `The JPEG has ${precision} bits per sample; 8 are supported.`,
    );
  }
  if (components !== 1 && components !== 3) {
    throw new CosalError(
      "image_type_unsupported",
      `The JPEG has ${components} colour components (CMYK has 4); RGB and grey are supported.`,
    );
  }
  if (end - offset < 8 + 3 * components) throw broken("JPEG", "its frame header is too short");
  const factors = Array.from({ length: components }, (_, i) => {
    const factor = view.getUint8(offset + 9 + 3 * i);
    return { across: factor >> 4, down: factor & 15 };
  });
  const largest =
    Math.max(...factors.map(({ across }) => across)) * Math.max(...factors.map(({ down }) => down));
  return {
    width: view.getUint16(offset + 5),
    height: view.getUint16(offset + 3),
    components,
    sequential: marker === BASELINE || marker === EXTENDED,
    samples: factors.reduce((sum, { across, down }) => sum + across * down, 0) / largest,
  };
}

/** Skips entropy-coded data, in which FF is followed by 00 or a restart marker. */
function endOfScan(bytes: Uint8Array, start: number): number {
  let offset = start;
  for (;;) {
    offset = bytes.indexOf(0xff, offset);
    const next = offset < 0 ? undefined : bytes[offset + 1];
    if (next === undefined) throw truncated("JPEG");
    if (next !== 0 && !isRestart(next)) return offset;
    offset += 2;
  }
}
