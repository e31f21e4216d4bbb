import type { Log } from "../app/index.ts";
import { storeUnavailable } from "../group/index.ts";
import type { Bytes, Stored, Tier } from "./tier.ts";

/** Keeps a promise going after the response has been sent. */
export type WaitUntil = (promise: Promise<unknown>) => void;

export interface TiersOptions {
  /** The nearest first. */
  readonly tiers: readonly Tier[];
  readonly waitUntil: WaitUntil;
  readonly log: Log;
  /** Called for each lookup with the name of the tier that had the value. */
  readonly onLookUp?: (found: string | undefined) => void;
  /** Told of what has been forgotten: others may have it in tiers of their own. */
  readonly onForget?: (prefix: string, keys: readonly string[]) => void;
}

/**
 * Several tiers as one, the nearest first. If a tier fails, the next one is read. If no tier has a
 * value and at least one failed, the value may still exist, so the lookup throws.
 */
export class Tiers {
  readonly #tiers: readonly Tier[];
  readonly #waitUntil: WaitUntil;
  readonly #log: Log;
  readonly #onLookUp: (found: string | undefined) => void;
  readonly #onForget: (prefix: string, keys: readonly string[]) => void;

  constructor({ tiers, waitUntil, log, onLookUp = () => {}, onForget = () => {} }: TiersOptions) {
    this.#tiers = tiers;
    this.#waitUntil = waitUntil;
    this.#log = log;
    this.#onLookUp = onLookUp;
    this.#onForget = onForget;
  }

  /**
   * Reads a value from the nearest tier that has it, and copies it to the tiers before.
   *
   * @throws CosalError store_unavailable
   */
  async get(key: string): Promise<Bytes | undefined> {
    const found = await this.#first("get", (tier) => tier.get(key));
    this.#onLookUp(found && this.#tiers[found.place]?.name);
    if (found === undefined) return undefined;
    const nearer = this.#tiers.slice(0, found.place);
    this.#waitUntil(Promise.all(nearer.map((tier) => this.#put(tier, key, found.value))));
    return found.value.bytes;
  }

  /** @throws CosalError store_unavailable */
  async has(key: string): Promise<boolean> {
    const found = await this.#first("has", async (tier) => (await tier.has(key)) || undefined);
    return found !== undefined;
  }

  /**
   * Writes a value to the nearest tier. The others are written in the background.
   *
   * @returns `kept` resolves when every tier has the value or has failed; it never rejects
   */
  async put(key: string, value: Stored): Promise<{ readonly kept: Promise<void> }> {
    const [nearest, ...others] = this.#tiers;
    const kept = Promise.all(others.map((tier) => this.#put(tier, key, value))).then(() => {});
    this.#waitUntil(kept);
    if (nearest !== undefined) await this.#put(nearest, key, value);
    return { kept };
  }

  /**
   * Deletes values from all tiers.
   *
   * @throws CosalError store_unavailable when a tier fails, so that no deletion seems complete
   */
  async forget(prefix: string, keys: readonly string[]): Promise<void> {
    // The furthest tier first: otherwise a read could copy a value back to a nearer tier.
    for (const tier of this.#tiers.toReversed()) {
      try {
        await tier.forget(prefix, keys);
      } catch (error) {
        this.#failed(tier, "forget", error);
        throw storeUnavailable(error);
      }
    }
    this.#onForget(prefix, keys);
  }

  /** From all tiers but the furthest, where somebody else has forgotten it. */
  async forgetNear(prefix: string, keys: readonly string[]): Promise<void> {
    for (const tier of this.#tiers.slice(0, -1)) {
      await tier.forget(prefix, keys).catch((error) => this.#failed(tier, "forget", error));
    }
  }

  async #first<T>(what: string, ask: (tier: Tier) => Promise<T | undefined>) {
    const failures: unknown[] = [];
    for (const [place, tier] of this.#tiers.entries()) {
      try {
        const value = await ask(tier);
        if (value !== undefined) return { place, value };
      } catch (error) {
        failures.push(error);
        this.#failed(tier, what, error);
      }
    }
    if (failures.length > 0) throw storeUnavailable(failures[0]);
    return undefined;
  }

  async #put(tier: Tier, key: string, value: Stored): Promise<void> {
    try {
      await tier.put(key, value);
    } catch (error) {
      this.#failed(tier, "put", error);
    }
  }

  #failed(tier: Tier, what: string, error: unknown): void {
    this.#log({ level: "warn", event: "store failed", tier: tier.name, what, error });
  }
}
