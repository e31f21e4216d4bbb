import { CosalError } from "../../errors.ts";

/**
 * Minimum speed of a body: a fixed time in milliseconds, and one more second for each
 * `BYTES_PER_SECOND` bytes. Slower connections hold resources that others need. The slowest mobile
 * networks have 5 kB/s.
 */
const GRACE = 20_000;
const BYTES_PER_SECOND = 1000;

/** A body of more chunks than this has so many bytes in each, on average: every chunk takes time. */
const FREE_CHUNKS = 512;
const MIN_CHUNK_BYTES = 64;

/**
 * Yields a body's chunks as they arrive. Only the time spent waiting for the sender counts.
 *
 * @throws CosalError body_too_slow
 */
export async function* arriving(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let received = 0;
  let chunks = 0;
  let waited = 0;
  let isOver = false;

  async function next(): Promise<ReadableStreamReadResult<Uint8Array>> {
    const began = Date.now();
    const late = Promise.withResolvers<never>();
    const allowed = GRACE + (1000 * received) / BYTES_PER_SECOND;
    const timer = setTimeout(() => late.reject(tooSlow(received)), Math.max(0, allowed - waited));
    try {
      return await Promise.race([reader.read(), late.promise]);
    } finally {
      clearTimeout(timer);
      waited += Date.now() - began;
    }
  }

  try {
    for (;;) {
      const { done, value } = await next();
      isOver = done;
      if (done) return;
      received += value.length;
      chunks++;
      if (areTooSmall(chunks, received)) throw tooSmall(received, chunks);
      yield value as Uint8Array<ArrayBuffer>;
    }
  } finally {
    if (!isOver) reader.cancel().catch(() => {});
  }
}

/** Whether a body has so many small chunks that they cost more than its bytes. */
export function areTooSmall(chunks: number, bytes: number): boolean {
  return chunks > FREE_CHUNKS && bytes < MIN_CHUNK_BYTES * chunks;
}

function tooSmall(received: number, chunks: number): CosalError {
  return new CosalError(
    "body_too_slow",
    `${received} bytes of the body have arrived in ${chunks} chunks. At least ${MIN_CHUNK_BYTES} bytes a chunk are expected.`,
  );
}

function tooSlow(received: number): CosalError {
  return new CosalError(
    "body_too_slow",
    `Only ${received} bytes of the body have arrived. At least ${BYTES_PER_SECOND} a second are expected.`,
  );
}
