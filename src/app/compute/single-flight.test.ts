import { describe, expect, it } from "vitest";
import { memoryFlights } from "./single-flight.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const never = new AbortController().signal;

describe("flights", () => {
  it("are one at a time for a key, and free after landing", async () => {
    const flights = memoryFlights(1000, 1);
    const first = (await flights.take("a", never))!;
    expect(await flights.take("b", never)).toBeDefined();
    let isWaiting = true;
    const second = flights.take("a", never).finally(() => {
      isWaiting = false;
    });
    await pause(20);
    expect(isWaiting).toBe(true);
    first.land();
    expect(await second).toBeUndefined();
    expect(await flights.take("a", never)).toBeDefined();
  });

  it("end with their request, and waiting ends with its own", async () => {
    const flights = memoryFlights(60_000, 1);
    const [flying, waiting] = [new AbortController(), new AbortController()];
    await flights.take("a", flying.signal);
    const second = flights.take("a", waiting.signal);
    waiting.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    const third = flights.take("a", never);
    flying.abort();
    expect(await third).toBeUndefined();
  });

  it("that went silent are passed over, those that say they live are not", async () => {
    const flights = memoryFlights(40, 1);
    await flights.take("silent", never);
    expect(await flights.take("silent", never)).toBeUndefined();
    expect(await flights.take("silent", never)).toBeDefined();
    const lively = (await flights.take("lively", never))!;
    const beat = setInterval(() => lively.alive(), 5);
    let hasEnded = false;
    void flights.take("lively", never).then(() => {
      hasEnded = true;
    });
    await pause(120);
    expect(hasEnded).toBe(false);
    clearInterval(beat);
    lively.land();
  });

  it("that landed late do not end the next one", async () => {
    const flights = memoryFlights(20, 1);
    const late = (await flights.take("a", never))!;
    await flights.take("a", never);
    const next = (await flights.take("a", never))!;
    late.land();
    late.land();
    const beat = setInterval(() => next.alive(), 5);
    const other = flights.take("a", never);
    expect(await Promise.race([other, pause(60).then(() => "waits")])).toBe("waits");
    clearInterval(beat);
    next.land();
    await other;
  });
});
