/** @returns `bytes` deflated (RFC 1951, without a wrapper) */
export function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return through(bytes, new CompressionStream("deflate-raw"), Number.POSITIVE_INFINITY);
}

/** @returns `bytes` as a zlib stream (RFC 1950) */
export function zlibDeflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return through(bytes, new CompressionStream("deflate"), Number.POSITIVE_INFINITY);
}

/**
 * @param most bytes that may come out
 * @throws when the data are broken, or more comes out
 */
export function inflated(bytes: Uint8Array, most: number): Promise<Uint8Array<ArrayBuffer>> {
  return through(bytes.slice(), new DecompressionStream("deflate-raw"), most);
}

async function through(
  bytes: Uint8Array<ArrayBuffer>,
  { readable, writable }: CompressionStream | DecompressionStream,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  written.catch(() => {}); // it fails the readable side too, where it is caught
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of readable as unknown as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > most) throw new RangeError(`more than ${most} bytes`);
    parts.push(part);
  }
  await written;
  return joined(parts);
}

/** The parts one after another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
