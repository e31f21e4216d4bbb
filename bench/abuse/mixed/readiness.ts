import type { Account, Fault } from "./account.ts";

/** What `/readyz` has to say while something is wrong: status, and why its storage takes nothing. */
const TRUTH: Readonly<Record<Fault, RegExp>> = {
  none: /^200 ready .*it takes files/,
  "disk full": /^200 degraded .*the disk is full/,
  "store away": /^200 degraded .*the disk takes nothing/,
  "keys away": /^200 ready .*it takes files/,
};

/** Milliseconds in which it may find out: it looks at the disk once a second. */
const DELAY = 3_000;

export interface Readiness {
  readonly asked: number;
  readonly wrong: readonly string[];
}

/** Asks once a second until the signal aborts. */
export async function watchReadiness(
  url: string,
  account: Account,
  signal: AbortSignal,
): Promise<Readiness> {
  const wrong: string[] = [];
  let asked = 0;
  while (!signal.aborted) {
    const { fault } = account;
    const response = await fetch(`${url}/readyz`).catch((error) => error as Error);
    asked++;
    const said =
      response instanceof Error ? `${response}` : `${response.status} ${await statusOf(response)}`;
    const isSettled = account.fault === fault && account.age > DELAY;
    if (isSettled && !TRUTH[fault].test(said)) wrong.push(`${fault}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return { asked, wrong };
}

async function statusOf(response: Response): Promise<string> {
  const { status, storage } = (await response.json()) as { status: string; storage: unknown };
  return `${status} ${JSON.stringify(storage)}`;
}
