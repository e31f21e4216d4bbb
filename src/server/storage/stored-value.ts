import type { Bytes } from "./key-value-store.ts";

/*
 * A file of the disk store. A disk may return other bytes than were written: after a power failure the
 * end of a file may be missing or zero, a block may be damaged, a name may lead to another file. So
 * each file has a header:
 *
 *   8   "cosal/1\n"
 *   8   bytes of all that follows the digest, big-endian
 *   32  SHA-256 of all that follows
 *       the key, a line feed, the value
 */
const MAGIC = new TextEncoder().encode("cosal/1\n");
const DIGEST_AT = 16;
const HEADER = 48;

/** The file of a value. */
export async function encodeValue(key: string, value: Uint8Array): Promise<Bytes> {
  const name = new TextEncoder().encode(`${key}\n`);
  const file = new Uint8Array(HEADER + name.length + value.length);
  file.set(MAGIC);
  new DataView(file.buffer).setBigUint64(MAGIC.length, BigInt(name.length + value.length));
  file.set(name, HEADER);
  file.set(value, HEADER + name.length);
  file.set(await sha256(file.subarray(HEADER)), DIGEST_AT);
  return file;
}

/** The value of a file. Undefined if the file is not what was written under that key. */
export async function decodeValue(key: string, file: Bytes): Promise<Bytes | undefined> {
  const name = new TextEncoder().encode(`${key}\n`);
  if (file.length < HEADER + name.length || !startsWith(file, MAGIC)) return undefined;
  const { buffer, byteOffset, byteLength } = file;
  const length = new DataView(buffer, byteOffset, byteLength).getBigUint64(MAGIC.length);
  const content = file.subarray(HEADER);
  if (length !== BigInt(content.length) || !startsWith(content, name)) return undefined;
  const digest = await sha256(content);
  return startsWith(file.subarray(DIGEST_AT), digest) ? content.slice(name.length) : undefined;
}

/** Not on the main thread, since a photograph has up to 16 MiB. */
async function sha256(bytes: Bytes): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}
