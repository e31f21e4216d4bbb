const BLOCK_BYTES = 64 * 1024;

/**
 * Yields the same bytes in blocks of a size, 64 KiB by default; the last one may be smaller. Each chunk
 * has the overhead of its object: a body in chunks of one byte would take 65 times its size in memory.
 */
export async function* blocks(
  chunks: AsyncIterable<Uint8Array>,
  size = BLOCK_BYTES,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let block = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) break;
      yield block;
      block = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

/** Yields the same chunks. @throws the error of `refuse` when they exceed the limit */
export async function* limited<T extends Uint8Array>(
  chunks: AsyncIterable<T>,
  limit: number,
  refuse: (actual: number) => Error,
): AsyncGenerator<T> {
  let received = 0;
  for await (const chunk of chunks) {
    received += chunk.length;
    if (received > limit) throw refuse(received);
    yield chunk;
  }
}

/** Collects all bytes in a new buffer. */
export async function collected(
  chunks: AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const all = await Array.fromAsync(chunks);
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of all) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
