import { SEND_TIMEOUT } from "../limits.ts";
import type { Requester } from "./renderer.ts";

/**
 * How often a response looks whether there is room, in milliseconds. It awaits no other response's
 * promise: when a caller disconnects, workerd drops its request midway and its promises never settle.
 */
const POLL_INTERVAL = 20;

/** What one response holds of files that its reader has not taken. */
export interface SendBuffer {
  /**
   * Resolves when the caller's other responses leave room for a file, and holds that many bytes for
   * it in the place of the file before.
   *
   * @throws the requester's reason to leave
   */
  reserve(bytes: number): Promise<void>;
  /** How large the file has become. */
  resize(bytes: number): void;
  /** Says that its reader takes something. Without that it counts no longer than a stream lives. */
  renew(): void;
  close(): void;
}

interface Held {
  bytes: number;
  renewed: number;
}

/**
 * Rendered files that wait to be taken. A caller whose readers hold as much as they may gets the next
 * file when some of it has been taken: many readers that take nothing hold no more than one or two.
 */
export class SendBuffers {
  readonly #limit: number;
  readonly #byCaller = new Map<string, Set<Held>>();

  /** @param limit bytes for each caller; the file that exceeds it is still made */
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

  /** Bytes that a caller's responses hold. Forgets those that were dropped. */
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
