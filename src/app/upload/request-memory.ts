import { CosalError } from "../../errors.ts";
import { SEND_TIMEOUT } from "../limits.ts";

/** Seconds after which a refused caller may try again. */
const RETRY_AFTER = 5;

/** The bytes that one request holds in memory. */
export interface HeldMemory {
  /** Counts more bytes. @throws CosalError backend_unavailable, with `retryAfter` */
  add(bytes: number): void;
  /** Marks the request as alive. Without it, it counts as dropped after a while. */
  renew(): void;
  release(): void;
}

interface Entry {
  readonly caller: string;
  bytes: number;
  renewed: number;
}

/**
 * Limits the bytes that all requests of this process hold in memory, until their responses are read. A
 * caller may hold as many bytes as are free, so there is always room for another caller: one alone may
 * hold half of all, two a third each (dynamic thresholds: Choudhury and Hahne, 1998). A request that
 * is alone may hold what any request may.
 *
 * In workerd, a request whose client disconnects is dropped midway. Its signal releases its bytes. An
 * entry without a sign of life expires, in case the signal does not fire.
 */
export class RequestMemory {
  readonly #limit: number;
  readonly #entries = new Set<Entry>();

  /** @param limit bytes of all requests together */
  constructor(limit: number) {
    this.#limit = limit;
  }

  open({ caller, signal }: { readonly caller: string; readonly signal: AbortSignal }): HeldMemory {
    const entry: Entry = { caller, bytes: 0, renewed: Date.now() };
    const release = () => {
      this.#entries.delete(entry);
    };
    this.#entries.add(entry);
    signal.addEventListener("abort", release, { once: true });
    return {
      release,
      renew: () => {
        entry.renewed = Date.now();
      },
      add: (bytes) => {
        entry.bytes += bytes;
        entry.renewed = Date.now();
        if (this.#hasRoom(entry)) return;
        release();
        throw new CosalError(
          "backend_unavailable",
          "The photographs of other requests fill the memory now. Send the request again, or store its photographs first with PUT.",
          { retryAfter: RETRY_AFTER },
        );
      },
    };
  }

  #hasRoom(entry: Entry): boolean {
    let all = 0;
    let own = 0;
    for (const other of this.#entries) {
      if (Date.now() - other.renewed > 2 * SEND_TIMEOUT) this.#entries.delete(other);
      else {
        all += other.bytes;
        if (other.caller === entry.caller) own += other.bytes;
      }
    }
    return all === entry.bytes || own <= this.#limit - all;
  }
}
