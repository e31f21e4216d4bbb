import type { Log } from "../app/index.ts";
import { storeUnavailable } from "../group/index.ts";
import type { Bytes, Stored, Tier } from "./tier.ts";

/** Keeps a promise going after the answer has been sent. */
export type WaitUntil = (promise: Promise<unknown>) => void;

export interface TiersOptions {
  /** The nearest first. */
  readonly tiers: readonly Tier[];
  readonly waitUntil: WaitUntil;
  readonly log: Log;
  /** Told of each look-up: the name of the tier that had the value. */
  readonly onLookUp?: (found: string | undefined) => void;
  /** Told of what has been forgotten: others may have it in tiers of their own. */
  readonly onForget?: (prefix: string, keys: readonly string[]) => void;
}

/**
 * Several tiers as one, the nearest first. Of those that fail the next is asked; but when none has a
 * value and one could not look, nobody can say that it is not there.
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
   * From the nearest tier that has it; those before it have it afterwards.
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
   * Puts a value into the nearest tier, and goes on with the others after the answer.
   *
   * @returns a promise that every tier has it, or has failed; nobody needs to wait for it
   */
  async put(key: string, value: Stored): Promise<{ readonly kept: Promise<void> }> {
    const [nearest, ...others] = this.#tiers;
    const kept = Promise.all(others.map((tier) => this.#put(tier, key, value))).then(() => {});
    this.#waitUntil(kept);
    if (nearest !== undefined) await this.#put(nearest, key, value);
    return { kept };
  }

  /**
   * From all tiers.
   *
   * @throws CosalError store_unavailable: what could not be deleted must not seem to be
   */
  async forget(prefix: string, keys: readonly string[]): Promise<void> {
    // The furthest first: else a reader might bring a value back to a nearer tier.
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
