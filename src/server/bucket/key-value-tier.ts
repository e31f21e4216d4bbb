import { kindOf } from "../../stores/keys.ts";
import type { Kind } from "../../stores/retention.ts";
import type { Tier } from "../../stores/tier.ts";
import type { KeyValueStore } from "../storage/key-value-store.ts";

/**
 * A store of this machine that is asked before the shared bucket. It needs no network, and works while the
 * bucket cannot be reached.
 *
 * @param stores the store for each kind of value that is kept here
 * @param age milliseconds that values are kept. A value that expires sooner is not stored here.
 */
export function keyValueTier(
  name: string,
  stores: Readonly<Partial<Record<Kind, KeyValueStore>>>,
  age: number,
  now: () => number = Date.now,
): Tier {
  const storeOf = (key: string): KeyValueStore => {
    const store = stores[kindOf(key)];
    if (store === undefined) throw new Error(`${name} does not keep ${key}`);
    return store;
  };
  return {
    name,
    async get(key) {
      const bytes = await storeOf(key).get(key);
      return bytes && { bytes, expires: now() + age };
    },
    has: async (key) => storeOf(key).has(key),
    async put(key, { bytes, expires }) {
      if (expires >= now() + age) await storeOf(key).put(key, bytes);
    },
    async forget(prefix, keys) {
      await Promise.all(keys.map((key) => storeOf(key).delete(key)));
      await storeOf(prefix).deleteAll(prefix.replace(/\/$/, ""));
    },
  };
}
