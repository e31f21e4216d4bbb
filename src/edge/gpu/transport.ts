import type { Transport } from "./backend.ts";
import type { Piece } from "./group-form.ts";

/** The Workers runtime's additions to web streams. */
interface WorkerStreams {
  readonly crypto: { readonly DigestStream: new (algorithm: string) => DigestStream };
  readonly FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
}

interface DigestStream extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer>;
  readonly bytesWritten: number | bigint;
}

/**
 * The transport of a Worker. It hashes and sends bodies piece by piece, so no body is held in memory.
 * The runtime moves the bytes of streams itself, outside of the isolate.
 */
export function workerTransport(): Transport {
  const { crypto, FixedLengthStream } = globalThis as unknown as WorkerStreams;
  return {
    fetch: (url, init) => fetch(url, init),
    async measure(pieces) {
      const stream = new crypto.DigestStream("SHA-256");
      // `writeAll` throws the same error.
      stream.digest.catch(() => {});
      await writeAll(pieces, stream);
      return { sha256: await stream.digest, length: Number(stream.bytesWritten) };
    },
    body(pieces, length) {
      const { readable, writable } = new FixedLengthStream(length);
      // An error here also fails the request, which reports it.
      writeAll(pieces, writable).catch(() => {});
      return readable;
    },
  };
}

/** @throws what `pieces` throws, after the stream has been aborted with it */
async function writeAll(
  pieces: AsyncIterable<Piece>,
  stream: WritableStream<Uint8Array>,
): Promise<void> {
  try {
    for await (const piece of pieces) {
      if (piece instanceof ReadableStream) await piece.pipeTo(stream, { preventClose: true });
      else await write(piece, stream);
    }
    await stream.close();
  } catch (error) {
    await stream.abort(error);
    throw error;
  }
}

async function write(bytes: Uint8Array, stream: WritableStream<Uint8Array>): Promise<void> {
  const writer = stream.getWriter();
  // `write` rejects with the same error.
  writer.closed.catch(() => {});
  try {
    await writer.write(bytes);
  } finally {
    writer.releaseLock();
  }
}
