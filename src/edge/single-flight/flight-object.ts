import { DurableObject } from "cloudflare:workers";
import { Changes } from "../changes.ts";

/** Milliseconds without renewal after which a lease expires. */
const LEASE_TIMEOUT = 30_000;

/** How long one call may wait for the lease to end, in milliseconds. The caller then calls again. */
const MAX_WAIT = 10_000;

/**
 * The global lease on one group that is being computed. It is not persisted: if the object is
 * evicted, the lease is free again, and at worst a group is computed twice.
 */
export class FlightObject extends DurableObject {
  #holder: { readonly name: string; renewed: number } | undefined;
  /** Ends of leases. All calls of an object share one context, so they may wait here. */
  readonly #ends = new Changes();

  /** Takes the lease. Returns false when another caller holds it. */
  acquire(name: string): boolean {
    this.#dropExpired();
    this.#holder ??= { name, renewed: Date.now() };
    return this.#holder.name === name;
  }

  renew(name: string): void {
    if (this.#holder?.name === name) this.#holder.renewed = Date.now();
  }

  release(name: string): void {
    if (this.#holder?.name === name) this.#end();
  }

  /** Waits until the lease ends, at most `MAX_WAIT`. Returns whether it has ended. */
  async ended(): Promise<boolean> {
    this.#dropExpired();
    if (this.#holder !== undefined) {
      await this.#ends.next(MAX_WAIT);
      this.#dropExpired();
    }
    return this.#holder === undefined;
  }

  #dropExpired(): void {
    if (this.#holder === undefined) return;
    if (Date.now() - this.#holder.renewed > LEASE_TIMEOUT) this.#end();
  }

  #end(): void {
    this.#holder = undefined;
    this.#ends.add();
  }
}
