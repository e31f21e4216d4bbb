// A process of its own, so that what it does to itself is not done to the honest caller:
// `attacker.ts ATTACK PLACE URL` says "ready" and goes on until it is killed.
import { constants, setPriority } from "node:os";
import { ATTACKS } from "./attacks/index.ts";
import type { Place } from "./targets.ts";

// It stands for somebody else's machine: what it does there takes nothing of this one.
setPriority(constants.priority.PRIORITY_LOW);

const [name, place, url] = process.argv.slice(2) as [string, Place, string];
const attack = ATTACKS.find((one) => one.name === name);
if (attack === undefined) throw new Error(`there is no attack ${name}`);
const again = await attack.prepare(url, place);
console.log("ready");
const answers = new Map<string, number>();

/** A service that refuses at once is not asked more often than this, in milliseconds. */
const PAUSE = 20;

async function go(): Promise<void> {
  for (;;) {
    const answer = await again().catch((error: Error) => error.name);
    const told = String(answer ?? "closed");
    answers.set(told, (answers.get(told) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

process.once("SIGTERM", () => {
  console.log(JSON.stringify(Object.fromEntries(answers)));
  process.exit(0);
});
for (let i = 0; i < attack.callers; i++) void go();
