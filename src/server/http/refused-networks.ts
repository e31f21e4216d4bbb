import { LRUCache } from "lru-cache";
import { networkOf } from "../../app/index.ts";

/** How long a network's new connections are closed, in milliseconds. */
const LIFETIME = 10_000;

const MAX_NETWORKS = 10_000;

/**
 * Networks that have just sent what costs much more to read than to send: their next connections end
 * before anything of them is read.
 */
export class RefusedNetworks {
  readonly #networks = new LRUCache<string, true>({
    max: MAX_NETWORKS,
    ttl: LIFETIME,
    ttlResolution: 0,
    perf: Date,
  });

  add(address: string): void {
    this.#networks.set(networkOf(address), true);
  }

  has(address: string): boolean {
    return this.#networks.has(networkOf(address));
  }
}
