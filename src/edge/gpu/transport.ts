import type { Transport } from "./backend.ts";
import type { Piece } from "./group-form.ts";

/** What a Worker's streams have beyond those of the web. */
interface WorkerStreams {
  readonly crypto: { readonly DigestStream: new (algorithm: string) => DigestStream };
  readonly FixedLengthStream: new (length: number) => TransformStream<Uint8Array, Uint8Array>;
}

interface DigestStream extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer>;
  readonly bytesWritten: number | bigint;
}

/**
 * Bodies as a Worker sends them: hashed and sent piece by piece, so that none is held as a whole. The
 * runtime itself moves what comes as a stream: its bytes never lie in the isolate.
 */
export function workerTransport(): Transport {
  const { crypto, FixedLengthStream } = globalThis as unknown as WorkerStreams;
  return {
    fetch: (url, init) => fetch(url, init),
    async measure(pieces) {
      const stream = new crypto.DigestStream("SHA-256");
      // It fails with the stream, whose error is thrown here.
      stream.digest.catch(() => {});
      await writeAll(pieces, stream);
      return { sha256: await stream.digest, length: Number(stream.bytesWritten) };
    },
    body(pieces, length) {
      const { readable, writable } = new FixedLengthStream(length);
      // A reader who leaves, or a photograph that is gone, makes the request fail: it is told there.
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
  // Told where it is written, too.
  writer.closed.catch(() => {});
  try {
    await writer.write(bytes);
  } finally {
    writer.releaseLock();
  }
}
