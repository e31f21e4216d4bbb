import { describe, expect, it } from "vitest";
import { memorySingleFlight } from "./single-flight.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const never = new AbortController().signal;

describe("leases", () => {
  it("are one at a time for a key, and free after release", async () => {
    const singleFlight = memorySingleFlight(1000, 1);
    const first = (await singleFlight.acquire("a", never))!;
    expect(await singleFlight.acquire("b", never)).toBeDefined();
    let isWaiting = true;
    const second = singleFlight.acquire("a", never).finally(() => {
      isWaiting = false;
    });
    await pause(20);
    expect(isWaiting).toBe(true);
    first.release();
    expect(await second).toBeUndefined();
    expect(await singleFlight.acquire("a", never)).toBeDefined();
  });

  it("end with their request, and waiting ends with its own", async () => {
    const singleFlight = memorySingleFlight(60_000, 1);
    const [holding, waiting] = [new AbortController(), new AbortController()];
    await singleFlight.acquire("a", holding.signal);
    const second = singleFlight.acquire("a", waiting.signal);
    waiting.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    const third = singleFlight.acquire("a", never);
    holding.abort();
    expect(await third).toBeUndefined();
  });

  it("expire unless they are renewed", async () => {
    const singleFlight = memorySingleFlight(40, 1);
    await singleFlight.acquire("expired", never);
    expect(await singleFlight.acquire("expired", never)).toBeUndefined();
    expect(await singleFlight.acquire("expired", never)).toBeDefined();
    const renewed = (await singleFlight.acquire("renewed", never))!;
    const renewal = setInterval(() => renewed.renew(), 5);
    let hasEnded = false;
    void singleFlight.acquire("renewed", never).then(() => {
      hasEnded = true;
    });
    await pause(120);
    expect(hasEnded).toBe(false);
    clearInterval(renewal);
    renewed.release();
  });

  it("that are released late do not end the next one", async () => {
    const singleFlight = memorySingleFlight(20, 1);
    const late = (await singleFlight.acquire("a", never))!;
    await singleFlight.acquire("a", never);
    const next = (await singleFlight.acquire("a", never))!;
    late.release();
    late.release();
    const renewal = setInterval(() => next.renew(), 5);
    const other = singleFlight.acquire("a", never);
    expect(await Promise.race([other, pause(60).then(() => "waits")])).toBe("waits");
    clearInterval(renewal);
    next.release();
    await other;
  });
});
