import { SEND_TIMEOUT } from "../limits.ts";
import type { Requester } from "./renderer.ts";

/**
 * How often a response checks for room, in milliseconds. It awaits no other response's promise: when a
 * client disconnects, workerd drops its request midway, and its promises never settle.
 */
const POLL_INTERVAL = 20;

/** The bytes of rendered files that one response's reader has not read. */
export interface SendBuffer {
  /**
   * Resolves when the caller's other responses leave room for a file, and reserves that many bytes
   * for it instead of those of the previous file.
   *
   * @throws the reason of the requester's signal
   */
  reserve(bytes: number): Promise<void>;
  /** Sets the actual size of the rendered file. */
  resize(bytes: number): void;
  /** Marks the reader as active. Without it, the response counts as dropped after a while. */
  renew(): void;
  close(): void;
}

interface Held {
  bytes: number;
  renewed: number;
}

/**
 * Limits the bytes of rendered files that wait to be read, for each caller. At the limit, the next file
 * is rendered when some bytes have been read. So many readers that read nothing hold only one or two
 * files.
 */
export class SendBuffers {
  readonly #limit: number;
  readonly #byCaller = new Map<string, Set<Held>>();

  /** @param limit bytes for each caller. The file that exceeds it is still rendered */
  constructor(limit: number) {
    this.#limit = limit;
  }

  open({ caller, signal }: Requester): SendBuffer {
    const held: Held = { bytes: 0, renewed: 0 };
    const callers = this.#byCaller;
    const limit = this.#limit;
    const untaken = () => this.#bytesOf(caller);
    return {
      async reserve(bytes) {
        held.bytes = 0;
        while (untaken() >= limit) {
          await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
          signal.throwIfAborted();
        }
        const own = callers.get(caller) ?? new Set();
        callers.set(caller, own.add(held));
        held.bytes = bytes;
        held.renewed = Date.now();
      },
      resize(bytes) {
        held.bytes = bytes;
      },
      renew() {
        held.renewed = Date.now();
      },
      close() {
        const own = callers.get(caller);
        own?.delete(held);
        if (own?.size === 0) callers.delete(caller);
      },
    };
  }

  /** Bytes held by a caller's responses. Removes dropped responses. */
  #bytesOf(caller: string): number {
    const own = this.#byCaller.get(caller);
    let bytes = 0;
    for (const held of own ?? []) {
      if (Date.now() - held.renewed > 2 * SEND_TIMEOUT) own?.delete(held);
      else bytes += held.bytes;
    }
    return bytes;
  }
}
