import { constants, type FileHandle, open } from "node:fs/promises";
import {
  MAX_NONCES,
  NonceMemory,
  type Nonces,
  SIGNATURE_WINDOW,
} from "../../app/access/request-signature.ts";

/** Bytes of a nonce, and of it with the time of its arrival (milliseconds since 1970, a double). */
const NONCE = 16;
const RECORD = NONCE + 8;

export interface NonceFileOptions {
  /** Nonces kept at most. */
  readonly limit?: number;
  /** Milliseconds since 1970. */
  readonly now?: number;
  /** Told of what could not be written. */
  readonly onFault?: (error: unknown) => void;
}

interface Arrival {
  readonly nonce: string;
  readonly time: number;
  /** Place of its record in the file. */
  readonly slot: number;
}

/**
 * Nonces in memory and in a file, so that the next process knows those of the last one.
 *
 * The file is a ring of records, written in place: it has its whole length from the beginning, and a
 * disk that is full later takes them all the same. A request goes on when its record has been handed
 * to the system: the process may be killed then, but a machine that loses its power may forget what
 * came in its last seconds. While the file cannot be written the memory alone counts.
 */
export class NonceFile implements Nonces {
  readonly #memory: NonceMemory;
  readonly #file: FileHandle;
  readonly #limit: number;
  readonly #onFault: (error: unknown) => void;
  #slot = 0;
  /** Arrivals are in order, whatever the clock does. */
  #last = 0;

  private constructor(
    file: FileHandle,
    { limit = MAX_NONCES, onFault = () => {} }: NonceFileOptions,
  ) {
    this.#file = file;
    this.#limit = limit;
    this.#onFault = onFault;
    this.#memory = new NonceMemory(limit);
  }

  /** @throws Error of the file system, when the file cannot be opened or read */
  static async open(path: string, options: NonceFileOptions = {}): Promise<NonceFile> {
    const { limit = MAX_NONCES, now = Date.now() } = options;
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const nonces = new NonceFile(file, options);
    try {
      const bytes = await file.readFile();
      nonces.#restore(arrivals(bytes, now), limit);
      await nonces.#write(Buffer.alloc(Math.max(0, limit * RECORD - bytes.length)), bytes.length);
    } catch (error) {
      await file.close();
      throw error;
    }
    return nonces;
  }

  async take(nonce: string, now: number): Promise<boolean> {
    this.#last = Math.max(this.#last, now);
    if (!this.#memory.take(nonce, this.#last)) return false;
    const record = Buffer.alloc(RECORD);
    record.write(nonce, "hex");
    record.writeDoubleLE(this.#last, NONCE);
    const slot = this.#slot;
    // Never over one that could still be needed: the memory has no more than there are places.
    this.#slot = (slot + 1) % this.#limit;
    await this.#write(record, slot * RECORD);
    return true;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Goes on when it cannot be written: then the memory alone counts. */
  async #write(bytes: Buffer, position: number): Promise<void> {
    try {
      await this.#file.write(bytes, 0, bytes.length, position);
    } catch (error) {
      this.#onFault(error);
    }
  }

  #restore(found: readonly Arrival[], limit: number): void {
    for (const { nonce, time } of found) {
      this.#memory.take(nonce, time);
      this.#last = time;
    }
    // The next place is behind the newest: of those that came last the one that is followed by none.
    const newest = new Set(found.filter(({ time }) => time === this.#last).map(({ slot }) => slot));
    for (const slot of newest) {
      const next = (slot + 1) % limit;
      if (!newest.has(next)) this.#slot = next;
    }
  }
}

/** Those that a signature could still hold of, by time. What is no record has no such time. */
function arrivals(bytes: Buffer, now: number): Arrival[] {
  const found: Arrival[] = [];
  for (let slot = 0; (slot + 1) * RECORD <= bytes.length; slot++) {
    const record = bytes.subarray(slot * RECORD, (slot + 1) * RECORD);
    const time = record.readDoubleLE(NONCE);
    if (!(Math.abs(now - time) <= 2 * SIGNATURE_WINDOW)) continue;
    found.push({ nonce: record.toString("hex", 0, NONCE), time, slot });
  }
  return found.sort((a, b) => a.time - b.time);
}
