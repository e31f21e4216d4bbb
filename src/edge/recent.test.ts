import { beforeEach, expect, it, vi } from "vitest";
import { recent } from "./recent.ts";

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

const OPTIONS = { age: 1_000, timeout: 5_000 };

it("is loaded once for all who come within its age", async () => {
  let loads = 0;
  const value = recent(async () => ({ load: ++loads }), OPTIONS);
  expect(await value()).toEqual({ load: 1 });
  vi.advanceTimersByTime(999);
  expect(await value()).toEqual({ load: 1 });
  vi.advanceTimersByTime(1);
  expect(await value()).toEqual({ load: 2 });
});

it("is loaded by one at a time: others get the last one, or wait for the first", async () => {
  let loads = 0;
  const load = async () => {
    const own = ++loads;
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { load: own };
  };
  const value = recent(load, OPTIONS);
  const first = Promise.all([value(), value(), value()]);
  await vi.advanceTimersByTimeAsync(600);
  expect(await first).toEqual([{ load: 1 }, { load: 1 }, { load: 1 }]);
  await vi.advanceTimersByTimeAsync(1_000);
  const slow = value();
  expect(await value()).toEqual({ load: 1 });
  await vi.advanceTimersByTimeAsync(600);
  expect(await slow).toEqual({ load: 2 });
  expect(loads).toBe(2);
});

it("is loaded by the next when a load fails, or is dropped with its request", async () => {
  const loads = [
    () => Promise.reject(new Error("away")),
    () => new Promise<never>(() => {}),
    async () => ({ load: 3 }),
  ];
  const value = recent(() => loads.shift()!(), OPTIONS);
  await expect(value()).rejects.toThrow("away");
  value();
  const last = value();
  await vi.advanceTimersByTimeAsync(OPTIONS.timeout + 100);
  expect(await last).toEqual({ load: 3 });
});
