import type { Requester } from "./renderer.ts";
import type { SendBuffers } from "./send-buffers.ts";
import { bytesStream } from "./stream.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a response is made with, of a file's bytes. */
export type BodyOf = (bytes: Bytes) => Bytes | ReadableStream<Uint8Array>;

export type WithLength = (
  body: ReadableStream<Uint8Array>,
  bytes: number,
) => ReadableStream<Uint8Array>;

export interface Sending {
  readonly buffers: SendBuffers;
  readonly withLength?: WithLength | undefined;
}

/** Bytes of a file that a connection takes at once: it is sent as it is, and not counted. */
export const SMALL_FILE = 256 * 1024;

/**
 * Sends one file. A large one is made when the caller's other readers leave room for it, and counts
 * until it has been taken.
 *
 * @param expected bytes that it may have
 * @param respond makes the file, and a response of it
 */
export async function sendFile(
  { buffers, withLength = (body) => body }: Sending,
  requester: Requester,
  expected: number,
  respond: (bodyOf: BodyOf) => Promise<Response>,
): Promise<Response> {
  const buffer = buffers.open(requester);
  let isSending = false;
  try {
    if (expected > SMALL_FILE) await buffer.reserve(expected);
    return await respond((bytes) => {
      if (bytes.length <= SMALL_FILE) return bytes;
      isSending = true;
      buffer.resize(bytes.length);
      const events = { onPull: buffer.renew, onEnd: buffer.close };
      const body = bytesStream(only(bytes), new AbortController(), events);
      return withLength(body, bytes.length);
    });
  } finally {
    if (!isSending) buffer.close();
  }
}

async function* only(bytes: Bytes): AsyncGenerator<Bytes> {
  yield bytes;
}
