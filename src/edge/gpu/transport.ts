import type { Transport } from "./backend.ts";

/** What a Worker's streams have beyond those of the web. */
interface WorkerStreams {
  readonly crypto: { readonly DigestStream: new (algorithm: string) => DigestStream };
  readonly FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
}

type DigestStream = WritableStream<Uint8Array> & { readonly digest: Promise<ArrayBuffer> };

/** Bodies as a Worker sends them: hashed and sent piece by piece, so that none is held as a whole. */
export function workerTransport(): Transport {
  const { crypto, FixedLengthStream } = globalThis as unknown as WorkerStreams;
  return {
    fetch: (url, init) => fetch(url, init),
    async measure(chunks) {
      const stream = new crypto.DigestStream("SHA-256");
      const writer = stream.getWriter();
      let length = 0;
      for await (const chunk of chunks) {
        length += chunk.byteLength;
        await writer.write(chunk);
      }
      await writer.close();
      return { sha256: await stream.digest, length };
    },
    body(chunks, length) {
      const { readable, writable } = new FixedLengthStream(length);
      // A reader who leaves, or a photograph that is gone, makes the request fail: it is told there.
      const writer = writable.getWriter();
      writer.closed.catch(() => {});
      send(chunks, writer).catch(() => {});
      return readable;
    },
  };
}

async function send(
  chunks: AsyncIterable<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
  try {
    for await (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  } catch (error) {
    await writer.abort(error);
  }
}
