import { constants, type FileHandle, open } from "node:fs/promises";
import {
  MAX_NONCES,
  NonceMemory,
  type Nonces,
  SIGNATURE_WINDOW,
} from "../../app/access/request-signature.ts";

/** Bytes of a nonce, and of a record: a nonce and its time (milliseconds since 1970, a double). */
const NONCE = 16;
const RECORD = NONCE + 8;

export interface NonceFileOptions {
  /** Maximum number of nonces. */
  readonly limit?: number;
  /** Milliseconds since 1970. */
  readonly now?: number;
  /** Called with errors of writes. */
  readonly onFault?: (error: unknown) => void;
}

interface Arrival {
  readonly nonce: string;
  readonly time: number;
  /** Index of its record in the file. */
  readonly slot: number;
}

/**
 * Nonces in memory and in a file, so that they survive a restart of the process.
 *
 * The file is a ring of records that are written in place. It has its full length from the beginning, so
 * it can be written even when the disk is full. A request continues when its record has been passed to
 * the operating system. So nonces survive a crash of the process, but a power failure can lose those of
 * the last seconds. If the file cannot be written, nonces are kept in memory only.
 */
export class NonceFile implements Nonces {
  readonly #memory: NonceMemory;
  readonly #file: FileHandle;
  readonly #limit: number;
  readonly #onFault: (error: unknown) => void;
  #slot = 0;
  /** The last time used, so that times never decrease, even if the clock does. */
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
    // A nonce that is still needed is never overwritten, since the memory has at most as many as the file.
    this.#slot = (slot + 1) % this.#limit;
    await this.#write(record, slot * RECORD);
    return true;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Does not fail if the file cannot be written. The nonce is then in memory only. */
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
    // The next record follows the newest one.
    const newest = new Set(found.filter(({ time }) => time === this.#last).map(({ slot }) => slot));
    for (const slot of newest) {
      const next = (slot + 1) % limit;
      if (!newest.has(next)) this.#slot = next;
    }
  }
}

/** Nonces whose signatures may still be valid, by time. Empty records have no such time. */
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
