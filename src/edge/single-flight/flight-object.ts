import { DurableObject } from "cloudflare:workers";

/** Milliseconds of silence after which who holds the flight counts as gone. */
const SILENCE = 30_000;

/** How long a call may wait for the flight to end, in milliseconds, before it has to ask again. */
const LONGEST_WAIT = 10_000;

/**
 * One group that is being computed somewhere in the world. Nothing is written down: when the object
 * is evicted, the flight is free again, and at worst a group is computed twice.
 */
export class FlightObject extends DurableObject {
  #holder: { readonly name: string; seen: number } | undefined;
  /** Called when the flight ends. All calls of an object share one context, so they may wait here. */
  readonly #waiting = new Set<() => void>();

  /** Takes the flight; false when another holds it. */
  take(name: string): boolean {
    this.#dropSilent();
    this.#holder ??= { name, seen: Date.now() };
    return this.#holder.name === name;
  }

  alive(name: string): void {
    if (this.#holder?.name === name) this.#holder.seen = Date.now();
  }

  land(name: string): void {
    if (this.#holder?.name === name) this.#end();
  }

  /** Whether the flight has ended, after it has or a while has passed. */
  async ended(): Promise<boolean> {
    this.#dropSilent();
    if (this.#holder !== undefined) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, LONGEST_WAIT);
        this.#waiting.add(done);
      });
      this.#dropSilent();
    }
    return this.#holder === undefined;
  }

  #dropSilent(): void {
    if (this.#holder !== undefined && Date.now() - this.#holder.seen > SILENCE) this.#end();
  }

  #end(): void {
    this.#holder = undefined;
    for (const done of [...this.#waiting]) done();
  }
}
