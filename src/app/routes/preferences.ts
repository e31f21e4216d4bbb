import { DEFAULT_URGENCY, MIN_URGENCY } from "../jobs/job-queue.ts";

/** The supported preferences of a `Prefer` header (RFC 7240). */
export interface Preferences {
  readonly isAsync: boolean;
  /** Maximum time that the caller waits, in seconds. */
  readonly wait: number | undefined;
  /** Seconds before a job starts at the earliest. */
  readonly delay: number | undefined;
}

export function preferencesOf(header: string | undefined): Preferences {
  const text = (header ?? "").toLowerCase();
  const seconds = (name: string) => {
    const digits = new RegExp(`(?:^|[,;\\s])${name}\\s*=\\s*"?(\\d{1,9})`).exec(text)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  return {
    isAsync: /(^|[,;\s])respond-async($|[,;\s])/.test(text),
    wait: seconds("wait"),
    delay: seconds("delay"),
  };
}

/**
 * The urgency of a `Priority` header (RFC 9218). A caller can let others pass, but cannot pass them: a
 * higher urgency than the default counts as the default. Browsers send such headers by themselves.
 */
export function urgencyOf(header: string | undefined): number {
  const digits = /(?:^|,)\s*u\s*=\s*(\d)\s*(?:[;,]|$)/.exec(header ?? "")?.[1];
  const urgency = Number(digits ?? DEFAULT_URGENCY);
  return urgency > MIN_URGENCY ? DEFAULT_URGENCY : Math.max(urgency, DEFAULT_URGENCY);
}

/** Whether a `Priority` header says that nobody waits for the response. */
export function isInBackground(header: string | undefined): boolean {
  return urgencyOf(header) === MIN_URGENCY;
}
