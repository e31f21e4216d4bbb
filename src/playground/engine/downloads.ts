/** Where the page keeps model and runtime; the service worker reads it too. */
export const CACHE = "cosal-files";

export type OnBytes = (bytes: number) => void;

/**
 * A file that never changes under its address, from the browser's cache or the network. Kept once it
 * is whole; without a cache (a page that is not from a secure origin) it is fetched each time.
 *
 * @param onBytes told how many more bytes have come
 * @throws TypeError without a network, Error for a response that is none
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

/** The same, decompressed: a host may have done that already. */
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
