import { CosalError } from "../../errors.ts";
import { fromHalves, toHalves } from "../float16.ts";
import { MAX_SIDE } from "../limits.ts";
import type { Logits } from "../mask.ts";
import { deflated, inflated } from "./streams.ts";

/** The stored form of a mask, from which all its files are rendered. */
export interface MaskRecord {
  /** Size of the photograph in pixels, upright. */
  readonly width: number;
  readonly height: number;
  readonly logits: Logits;
}

/** Media type of `encodeLogits`. */
export const LOGITS_TYPE = "application/vnd.cosal.logits";

/**
 * Layout, numbers little-endian:
 *
 *   0   4 bytes   "CSLM"
 *   4   uint8     version, 1
 *   5   uint8     0: the logits lie open, 1: they are deflated (RFC 1951)
 *   6   uint16    logits across      8   uint16   logits down
 *   10  uint16    photograph across  12  uint16   photograph down
 *   14  the logits as IEEE 754 halves, row by row: first the low byte of each, then the high bytes,
 *       which makes them a third smaller when deflated
 */
const MAGIC = 0x4d4c5343;
const VERSION = 1;
const HEADER = 14;
const OPEN = 0;
const DEFLATED = 1;
/** Maximum logits per side. A network's output has some hundreds; 2^22 halves are 8 MiB. */
const MAX_LOGITS = 2048;
const LARGEST_HALF = 65504;

/**
 * Encodes the record of a mask: logits in half precision, deflated if that makes them smaller. 160 x
 * 160 logits take about 32 kB. Stores keep records, and GPU servers send them.
 */
export async function encodeLogits(record: MaskRecord): Promise<Uint8Array<ArrayBuffer>> {
  const { width, height, logits } = record;
  if (!fits(width, height, MAX_SIDE) || !fits(logits.width, logits.height, MAX_LOGITS)) {
    throw new RangeError(`no record of ${width} x ${height} with such logits`);
  }
  if (logits.data.length !== logits.width * logits.height) {
    throw new RangeError(`${logits.data.length} logits are not ${logits.width} x ${logits.height}`);
  }
  const open = planes(halved(logits));
  const small = await deflated(open);
  const body = small.length < open.length ? small : open;
  const bytes = new Uint8Array(HEADER + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint8(5, body === open ? OPEN : DEFLATED);
  for (const [i, side] of [logits.width, logits.height, width, height].entries()) {
    view.setUint16(6 + 2 * i, side, true);
  }
  bytes.set(body, HEADER);
  return bytes;
}

/** The logits after half precision: equals `decodeLogits` of `encodeLogits`, without deflate. */
export function atHalfPrecision({ width, height, logits }: MaskRecord): MaskRecord {
  return { width, height, logits: { ...logits, data: fromHalves(halved(logits)) } };
}

/**
 * Reads the size of a record's photograph, without decoding the logits.
 *
 * @throws CosalError internal if the bytes are not a record of this version
 */
export function recordSize(bytes: Uint8Array): Pick<MaskRecord, "width" | "height"> {
  const { width, height } = readHeader(bytes);
  return { width, height };
}

/** @throws CosalError internal if the bytes are not a record of this version or are broken */
export async function decodeLogits(bytes: Uint8Array): Promise<MaskRecord> {
  const { packing, across, down, width, height } = readHeader(bytes);
  const size = 2 * across * down;
  const body = bytes.subarray(HEADER);
  let open: Uint8Array;
  if (packing === OPEN) open = body;
  else if (packing === DEFLATED) {
    open = await inflated(body, size).catch((cause: unknown) => {
      throw broken("damaged", cause);
    });
  } else throw broken("packed in an unknown way");
  if (open.length !== size) throw broken("of the wrong length");
  const data = fromHalves(halvesOf(open));
  return { width, height, logits: { width: across, height: down, data } };
}

function readHeader(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || view.getUint32(0, true) !== MAGIC) throw broken("no mask record");
  if (view.getUint8(4) !== VERSION) throw broken(`of version ${view.getUint8(4)}`);
  const side = (i: number) => view.getUint16(6 + 2 * i, true);
  const [across, down, width, height] = [side(0), side(1), side(2), side(3)];
  if (!fits(width, height, MAX_SIDE) || !fits(across, down, MAX_LOGITS)) {
    throw broken("of an impossible size");
  }
  return { packing: view.getUint8(5), across, down, width, height };
}

/** The same mask for a photograph of the logits' size: nothing is resized. */
export function atModelSize({ logits }: MaskRecord): MaskRecord {
  return { width: logits.width, height: logits.height, logits };
}

function fits(width: number, height: number, most: number): boolean {
  return [width, height].every((side) => Number.isInteger(side) && side > 0 && side <= most);
}

function halved({ data }: Logits): Uint16Array<ArrayBuffer> {
  const finite = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    finite[i] = Math.min(Math.max(data[i] as number, -LARGEST_HALF), LARGEST_HALF);
  }
  return toHalves(finite);
}

function planes(halves: Uint16Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(2 * halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    bytes[i] = half & 255;
    bytes[halves.length + i] = half >>> 8;
  }
  return bytes;
}

function halvesOf(bytes: Uint8Array): Uint16Array {
  const halves = new Uint16Array(bytes.length / 2);
  for (let i = 0; i < halves.length; i++) {
    halves[i] = (bytes[i] as number) | ((bytes[halves.length + i] as number) << 8);
  }
  return halves;
}

function broken(what: string, cause?: unknown): CosalError {
  return new CosalError("internal", `A stored or received mask is ${what}.`, { cause });
}
