/** What is wrong with the world at the moment. */
export type Fault = "none" | "disk full" | "store away" | "keys away";

/** Codes that a fault may be answered with; the first is one of a server that has much to do. */
const HONEST: Readonly<Record<string, readonly Fault[]>> = {
  backend_unavailable: ["none", "disk full", "store away", "keys away"],
  store_full: ["disk full"],
  store_unavailable: ["store away", "disk full"],
  authentication_unavailable: ["keys away"],
};

/** Milliseconds after a fault has ended in which its answers may still come. */
const AFTERMATH = 5_000;

/** What became of each request: one known end, or it is told as unknown. */
export class Account {
  readonly #ends = new Map<string, Map<string, number>>();
  readonly unknown: string[] = [];
  #fault: Fault = "none";
  #before: Fault = "none";
  #since = Number.NEGATIVE_INFINITY;
  sent = 0;

  get fault(): Fault {
    return this.#fault;
  }

  /** Milliseconds since the fault of now began; negative while it is being brought about. */
  get age(): number {
    return performance.now() - this.#since;
  }

  /**
   * What was wrong is mended, and something else begins. While `work` brings that about, the answers
   * of both are honest.
   */
  async change(fault: Fault, work: () => Promise<void>): Promise<void> {
    this.#before = this.#fault;
    this.#fault = fault;
    this.#since = Number.POSITIVE_INFINITY;
    await work();
    this.#since = performance.now();
  }

  /** Whether a 503 or 507 of this code tells the truth now. */
  isHonest(code: string): boolean {
    const faults = HONEST[code] ?? [];
    return faults.includes(this.#fault) || (this.age < AFTERMATH && faults.includes(this.#before));
  }

  close(kind: string, end: string): void {
    const ends = this.#ends.get(kind) ?? new Map<string, number>();
    ends.set(end, (ends.get(end) ?? 0) + 1);
    this.#ends.set(kind, ends);
  }

  fail(kind: string, what: string): void {
    this.close(kind, "UNKNOWN");
    this.unknown.push(`${kind} (${this.#fault} for ${(this.age / 1000).toFixed(1)} s): ${what}`);
  }

  get closed(): number {
    return [...this.#ends.values()]
      .flatMap((ends) => [...ends.values()])
      .reduce((a, b) => a + b, 0);
  }

  print(): void {
    for (const [kind, ends] of this.#ends) {
      const told = [...ends].sort(([a], [b]) => a.localeCompare(b));
      console.log(`| ${kind} | ${told.map(([end, times]) => `${times} x ${end}`).join(", ")} |`);
    }
  }
}
