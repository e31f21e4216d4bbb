import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import { describe, expect, it } from "vitest";
import { silent } from "../../app/index.ts";
import { type FlightStub, globalFlights } from "./global-single-flight.ts";

const { FLIGHTS } = env as { FLIGHTS: DurableObjectNamespace };
const never = new AbortController().signal;

function stubOf(key: string): FlightStub {
  return FLIGHTS.get(FLIGHTS.idFromName(key)) as unknown as FlightStub;
}

/** Flights as one isolate sees them. */
function isolate(stub = stubOf) {
  return globalFlights({ stubOf: stub, waitUntil: () => {}, log: silent });
}

describe("flights of the whole world", () => {
  it("are held by one of all who want them, here and elsewhere", async () => {
    const [here, there] = [isolate(), isolate()];
    const flight = await here.take("one", never);
    expect(flight).toBeDefined();
    const order: string[] = [];
    const waiting = [here, here, there, there].map(async (flights) => {
      expect(await flights.take("one", never)).toBeUndefined();
      order.push("ended");
    });
    expect(await there.take("another", never)).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.push("landed");
    await flight?.land();
    await Promise.all(waiting);
    expect(order).toEqual(["landed", "ended", "ended", "ended", "ended"]);
    expect(await there.take("one", never)).toBeDefined();
  });

  it("end with their request, and are not waited for by one that is gone", async () => {
    const [holder, waiter] = [new AbortController(), new AbortController()];
    await isolate().take("two", holder.signal);
    const waiting = isolate().take("two", waiter.signal);
    waiter.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    holder.abort();
    const third = isolate();
    while ((await third.take("two", never)) === undefined);
  });

  it("are free again when their object was restarted", async () => {
    await isolate().take("three", never);
    await evictDurableObject(stubOf("three"));
    expect(await isolate().take("three", never)).toBeDefined();
  });

  it("are this isolate's own when the object cannot be reached", async () => {
    const broken = isolate(() => {
      throw new Error("no object");
    });
    const flight = await broken.take("four", never);
    expect(flight).toBeDefined();
    const waiting = broken.take("four", never);
    await flight?.land();
    expect(await waiting).toBeUndefined();
  });
});
