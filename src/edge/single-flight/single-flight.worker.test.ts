import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { describe, expect, it } from "vitest";
import { type SharedLease, sharedSingleFlight, silent } from "../../app/index.ts";

const { FLIGHTS } = env as { FLIGHTS: DurableObjectNamespace };
const never = new AbortController().signal;

function stubOf(key: string): SharedLease {
  return FLIGHTS.get(FLIGHTS.idFromName(key)) as unknown as SharedLease;
}

/** Single flight as one isolate sees it. */
function isolate(stub = stubOf) {
  return sharedSingleFlight({ stubOf: stub, waitUntil: () => {}, log: silent });
}

describe("global leases", () => {
  it("are held by one request at a time, across isolates", async () => {
    const [here, there] = [isolate(), isolate()];
    const lease = await here.acquire("one", never);
    expect(lease).toBeDefined();
    const order: string[] = [];
    const waiting = [here, here, there, there].map(async (singleFlight) => {
      expect(await singleFlight.acquire("one", never)).toBeUndefined();
      order.push("ended");
    });
    expect(await there.acquire("another", never)).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.push("released");
    await lease?.release();
    await Promise.all(waiting);
    expect(order).toEqual(["released", "ended", "ended", "ended", "ended"]);
    expect(await there.acquire("one", never)).toBeDefined();
  });

  it("end with their request, and an aborted request stops waiting", async () => {
    const [holder, waiter] = [new AbortController(), new AbortController()];
    await isolate().acquire("two", holder.signal);
    const waiting = isolate().acquire("two", waiter.signal);
    waiter.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    holder.abort();
    const third = isolate();
    while ((await third.acquire("two", never)) === undefined);
  });

  it("are free again after their object restarts", async () => {
    await isolate().acquire("three", never);
    await evictDurableObject(stubOf("three"));
    expect(await isolate().acquire("three", never)).toBeDefined();
  });

  it("are local to the isolate when the object cannot be reached", async () => {
    const broken = isolate(() => {
      throw new Error("no object");
    });
    const lease = await broken.acquire("four", never);
    expect(lease).toBeDefined();
    const waiting = broken.acquire("four", never);
    await lease?.release();
    expect(await waiting).toBeUndefined();
  });
});
