import { CosalError } from "../../errors.ts";

/**
 * How slowly a body may arrive: so many milliseconds, and one second more for each so many bytes. A
 * connection that is slower only holds what others need. The slowest mobile networks carry 5 kB/s.
 */
const GRACE = 20_000;
const BYTES_PER_SECOND = 1000;

/**
 * A body's chunks as they arrive. Only the time counts that its sender is waited for.
 *
 * @throws CosalError body_too_slow
 */
export async function* arriving(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let received = 0;
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
      yield value as Uint8Array<ArrayBuffer>;
    }
  } finally {
    if (!isOver) reader.cancel().catch(() => {});
  }
}

function tooSlow(received: number): CosalError {
  return new CosalError(
    "body_too_slow",
    `Only ${received} bytes of the body have arrived. At least ${BYTES_PER_SECOND} a second are expected.`,
  );
}
