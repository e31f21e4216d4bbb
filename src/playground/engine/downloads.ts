/** Name of the cache for model and runtime, also used by the service worker. */
export const CACHE = "cosal-files";

export type OnBytes = (bytes: number) => void;

/**
 * Loads a file that never changes, from the cache or the network. It is cached when it is complete. Pages
 * from insecure origins have no cache, and fetch it each time.
 *
 * @param onBytes called with the number of bytes that have just arrived
 * @throws TypeError without a network, Error if the response is an error
 */
export async function download(url: string, onBytes: OnBytes): Promise<Uint8Array<ArrayBuffer>> {
  const cache = await globalThis.caches?.open(CACHE).catch(() => undefined);
  const kept = await cache?.match(url);
  if (kept !== undefined) {
    const bytes = await kept.bytes();
    onBytes(bytes.length);
    return bytes;
  }
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${url}: ${response.status}`);
  const bytes = await readAll(response.body, onBytes);
  await cache?.put(url, new Response(bytes)).catch(() => {});
  return bytes;
}

/** Loads a compressed file. Some hosts decompress it themselves. */
export async function downloadCompressed(url: string, onBytes: OnBytes): Promise<ArrayBuffer> {
  const bytes = await download(url, onBytes);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.buffer;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

async function readAll(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onBytes: OnBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of body) {
    parts.push(part);
    onBytes(part.length);
  }
  return new Blob(parts).bytes();
}
