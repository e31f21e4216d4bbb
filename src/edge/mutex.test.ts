import { describe, expect, it } from "vitest";
import { createMutex } from "./mutex.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("mutex", () => {
  it("runs one piece of work at a time, in order", async () => {
    const runExclusive = createMutex({ timeout: 1000, pollInterval: 1 });
    const log: string[] = [];
    await Promise.all(
      ["a", "b", "c"].map((name) =>
        runExclusive(async () => {
          log.push(`${name} begins`);
          await pause(5);
          log.push(`${name} ends`);
        }),
      ),
    );
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("unlocks when the work throws", async () => {
    const runExclusive = createMutex({ timeout: 1000, pollInterval: 1 });
    const failed = runExclusive(() => Promise.reject(new Error("no")));
    await expect(failed).rejects.toThrow("no");
    expect(await runExclusive(async () => 7)).toBe(7);
  });

  it("passes over work that is no longer renewed", async () => {
    const runExclusive = createMutex({ timeout: 30, pollInterval: 1 });
    void runExclusive(() => new Promise(() => {}));
    expect(await runExclusive(async () => 7)).toBe(7);
  });

  it("unlocks at once when a request is aborted, running or waiting", async () => {
    const runExclusive = createMutex({ timeout: 60_000, pollInterval: 1 });
    const [atWork, waiting] = [new AbortController(), new AbortController()];
    void runExclusive(() => new Promise(() => {}), atWork.signal);
    const second = runExclusive(async () => {}, waiting.signal);
    const third = runExclusive(async () => 7);
    waiting.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    atWork.abort();
    expect(await third).toBe(7);
  });

  it("waits for work that is renewed", async () => {
    const runExclusive = createMutex({ timeout: 30, pollInterval: 1 });
    let isDone = false;
    const long = runExclusive(async (renew) => {
      for (let i = 0; i < 10; i++) {
        await pause(10);
        renew();
      }
      isDone = true;
    });
    await runExclusive(async () => expect(isDone).toBe(true));
    await long;
  });

  it("refuses work at once while the queue is full, and takes it again afterwards", async () => {
    const runExclusive = createMutex({ pollInterval: 1, maxWaiting: 2 });
    const running = Promise.withResolvers<void>();
    const queued = [1, 2, 3].map(() => runExclusive(() => running.promise));
    const busy = { code: "backend_unavailable", retryAfter: expect.any(Number) };
    await expect(runExclusive(async () => {})).rejects.toMatchObject(busy);
    running.resolve();
    await Promise.all(queued);
    expect(await runExclusive(async () => 7)).toBe(7);
  });

  it("refuses work that has waited too long", async () => {
    const runExclusive = createMutex({ pollInterval: 1, maxWait: 20 });
    const running = Promise.withResolvers<number>();
    const first = runExclusive(() => running.promise);
    await expect(runExclusive(async () => {})).rejects.toMatchObject({
      code: "backend_unavailable",
    });
    running.resolve(1);
    expect(await first).toBe(1);
    expect(await runExclusive(async () => 7)).toBe(7);
  });

  it("does not run the work of a request that is already aborted", async () => {
    const runExclusive = createMutex();
    await expect(
      runExclusive(async () => {}, AbortSignal.abort(new Error("gone"))),
    ).rejects.toThrow();
    expect(await runExclusive(async () => 7)).toBe(7);
  });
});
