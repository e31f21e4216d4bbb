import { LRUCache } from "lru-cache";
import { networkOf } from "../../app/index.ts";

/** Milliseconds during which new connections of a network are closed. */
const LIFETIME = 10_000;

const MAX_NETWORKS = 10_000;

/**
 * Networks that have just sent a request that costs much more to read than to send. Their next
 * connections are closed before anything is read.
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
