import { fromHalves, toHalves } from "../codec/float16.ts";
import { CosalError } from "../errors.ts";
import type { Manifest } from "./manifest.ts";
import type { Consensus } from "./types.ts";

const MAGIC = 0x434f5343; // "COSC"
const VERSION = 1;
const HEADER_BYTES = 44;
const DIGEST_BYTES = 32;
const FLOAT32 = 4;
const FLOAT16 = 2;

/** Upper bound, exclusive, for the size of an encoded consensus. */
export const MAX_CONSENSUS_BYTES = 8192;

/**
 * Encodes a consensus in fewer than 8 kB: as float32 if that fits, otherwise as float16.
 *
 * ```text
 * 0   "COSC" (uint32), version (uint16), bytes per number: 4 or 2 (uint16), big-endian
 * 8   prototypes, channels (uint16), big-endian
 * 12  digest of the model, 32 bytes
 * 44  the numbers, row by row, little-endian
 * ```
 *
 * @throws RangeError for a consensus that does not even fit as float16 (more than about 4,000
 * numbers)
 */
export function encodeConsensus({ model, shape, data }: Consensus): Uint8Array<ArrayBuffer> {
  const fits = (width: number) => HEADER_BYTES + width * data.length < MAX_CONSENSUS_BYTES;
  const width = fits(FLOAT32) ? FLOAT32 : FLOAT16;
  if (!fits(width)) throw new RangeError(`a consensus of ${data.length} numbers is too large`);
  const bytes = new Uint8Array(HEADER_BYTES + width * data.length);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, MAGIC);
  header.setUint16(4, VERSION);
  header.setUint16(6, width);
  header.setUint16(8, shape[0]);
  header.setUint16(10, shape[1]);
  for (let i = 0; i < DIGEST_BYTES; i++) {
    bytes[12 + i] = Number.parseInt(model.slice(2 * i, 2 * i + 2), 16);
  }
  const body = width === FLOAT32 ? data : toHalves(data);
  bytes.set(new Uint8Array(body.buffer, body.byteOffset, body.byteLength), HEADER_BYTES);
  return bytes;
}

/** @throws CosalError consensus_invalid */
export function decodeConsensus(bytes: Uint8Array): Consensus {
  if (bytes.byteLength < HEADER_BYTES || bytes.byteLength >= MAX_CONSENSUS_BYTES) {
    throw invalid(`has ${bytes.byteLength} bytes`);
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.getUint32(0) !== MAGIC) throw invalid("does not start like one");
  const version = header.getUint16(4);
  if (version !== VERSION)
    throw invalid(`has version ${version}; only version ${VERSION} is known`);
  const width = header.getUint16(6);
  const shape = [header.getUint16(8), header.getUint16(10)] as const;
  const length = shape[0] * shape[1];
  const whole = HEADER_BYTES + width * length === bytes.byteLength;
  if (!whole || length === 0 || (width !== FLOAT32 && width !== FLOAT16)) {
    throw invalid(`does not have the size that its header declares`);
  }
  const digest = bytes.subarray(12, 12 + DIGEST_BYTES);
  const model = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const body = bytes.slice(HEADER_BYTES).buffer;
  const data = width === FLOAT32 ? new Float32Array(body) : fromHalves(new Uint16Array(body));
  if (!data.every(Number.isFinite)) throw invalid("contains values that are not finite numbers");
  return { model, shape, data };
}

/**
 * A file may have any shape: a model takes one.
 *
 * @throws CosalError consensus_invalid
 */
export function requireShape({ shape }: Consensus, { consensus }: Pick<Manifest, "consensus">) {
  const wanted = consensus.shape;
  if (shape[0] === wanted[0] && shape[1] === wanted[1]) return;
  throw invalid(`has ${shape.join(" x ")} numbers instead of ${wanted.join(" x ")}`);
}

function invalid(what: string): CosalError {
  return new CosalError("consensus_invalid", `The consensus cannot be read: it ${what}.`);
}
