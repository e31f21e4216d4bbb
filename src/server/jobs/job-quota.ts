/** What jobs use. */
export interface JobUsage {
  /** Bytes of their journals. */
  readonly bytes: number;
  /** Number of jobs that have not ended. */
  readonly unfinished: number;
}

/** Share of the limits that one tenant may use. */
const TENANT_SHARE = 0.5;

/** Counts what the jobs of all tenants and of each tenant use, and checks it against the limits. */
export class JobQuota {
  readonly #limits: JobUsage;
  readonly #tenants = new Map<string, JobUsage>();
  #total: JobUsage = { bytes: 0, unfinished: 0 };

  constructor(limits: JobUsage) {
    this.#limits = limits;
  }

  get bytes(): number {
    return this.#total.bytes;
  }

  /** Adds to what a tenant's jobs use. Negative numbers are subtracted. */
  add(tenant: string, { bytes = 0, unfinished = 0 }: Partial<JobUsage>): void {
    const plus = (usage: JobUsage) => ({
      bytes: usage.bytes + bytes,
      unfinished: usage.unfinished + unfinished,
    });
    this.#total = plus(this.#total);
    const own = plus(this.#tenants.get(tenant) ?? { bytes: 0, unfinished: 0 });
    if (own.bytes === 0 && own.unfinished === 0) this.#tenants.delete(tenant);
    else this.#tenants.set(tenant, own);
  }

  /** Whose limit one more job of so many bytes would exceed. */
  exceededBy(tenant: string, bytes: number): "all" | "tenant" | undefined {
    const own = this.#tenants.get(tenant) ?? { bytes: 0, unfinished: 0 };
    const isOver = (usage: JobUsage, share: number) =>
      usage.bytes + bytes > this.#limits.bytes * share ||
      usage.unfinished + 1 > this.#limits.unfinished * share;
    if (isOver(own, TENANT_SHARE)) return "tenant";
    return isOver(this.#total, 1) ? "all" : undefined;
  }

  /** The tenant whose jobs use most. */
  get largest(): string | undefined {
    let found: string | undefined;
    let most = -1;
    for (const [tenant, { bytes }] of this.#tenants) {
      if (bytes > most) [found, most] = [tenant, bytes];
    }
    return found;
  }
}
