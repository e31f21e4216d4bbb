import type { Log } from "../../app/index.ts";
import type { Bytes, Stored, Tier } from "./tier.ts";

/** Keeps a promise going after the answer has been sent. */
export type WaitUntil = (promise: Promise<unknown>) => void;

/** Several tiers as one, the nearest first. A tier that fails costs time, never an answer. */
export class Tiers {
  readonly #tiers: readonly Tier[];
  readonly #waitUntil: WaitUntil;
  readonly #log: Log;

  constructor(tiers: readonly Tier[], waitUntil: WaitUntil, log: Log) {
    this.#tiers = tiers;
    this.#waitUntil = waitUntil;
    this.#log = log;
  }

  /** From the nearest tier that has it; those before it have it afterwards. */
  async get(key: string): Promise<Bytes | undefined> {
    for (const [i, tier] of this.#tiers.entries()) {
      const value = await this.#try(tier, "get", () => tier.get(key));
      if (value === undefined) continue;
      const nearer = this.#tiers.slice(0, i).map((each) => this.#put(each, key, value));
      this.#waitUntil(Promise.all(nearer));
      return value.bytes;
    }
    return undefined;
  }

  async has(key: string): Promise<boolean> {
    for (const tier of this.#tiers) {
      if (await this.#try(tier, "has", () => tier.has(key))) return true;
    }
    return false;
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

  /** From all tiers. @throws what a tier throws: what could not be deleted must not seem to be */
  async forget(prefix: string, keys: readonly string[]): Promise<void> {
    // The furthest first: else a reader might bring a value back to a nearer tier.
    for (const tier of this.#tiers.toReversed()) await tier.forget(prefix, keys);
  }

  async #put(tier: Tier, key: string, value: Stored): Promise<void> {
    await this.#try(tier, "put", () => tier.put(key, value));
  }

  async #try<T>(tier: Tier, what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#log({ level: "warn", event: "store failed", tier: tier.name, what, error });
      return undefined;
    }
  }
}
