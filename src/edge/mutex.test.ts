import { describe, expect, it } from "vitest";
import { createTurns } from "./mutex.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("turns", () => {
  it("come one at a time, in order", async () => {
    const exclusive = createTurns({ silence: 1000, interval: 1 });
    const log: string[] = [];
    await Promise.all(
      ["a", "b", "c"].map((name) =>
        exclusive(async () => {
          log.push(`${name} begins`);
          await pause(5);
          log.push(`${name} ends`);
        }),
      ),
    );
    expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("end when the work throws", async () => {
    const exclusive = createTurns({ silence: 1000, interval: 1 });
    const failed = exclusive(() => Promise.reject(new Error("no")));
    await expect(failed).rejects.toThrow("no");
    expect(await exclusive(async () => 7)).toBe(7);
  });

  it("pass over work that went silent for good", async () => {
    const exclusive = createTurns({ silence: 30, interval: 1 });
    void exclusive(() => new Promise(() => {}));
    expect(await exclusive(async () => 7)).toBe(7);
  });

  it("end at once when their request is dropped, at work or waiting", async () => {
    const exclusive = createTurns({ silence: 60_000, interval: 1 });
    const [atWork, waiting] = [new AbortController(), new AbortController()];
    void exclusive(() => new Promise(() => {}), atWork.signal);
    const second = exclusive(async () => {}, waiting.signal);
    const third = exclusive(async () => 7);
    waiting.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    atWork.abort();
    expect(await third).toBe(7);
  });

  it("wait for work that goes on", async () => {
    const exclusive = createTurns({ silence: 30, interval: 1 });
    let isDone = false;
    const long = exclusive(async (alive) => {
      for (let i = 0; i < 10; i++) {
        await pause(10);
        alive();
      }
      isDone = true;
    });
    await exclusive(async () => expect(isDone).toBe(true));
    await long;
  });

  it("refuse whoever finds the line full, at once, and take the next when it has moved", async () => {
    const exclusive = createTurns({ interval: 1, waiting: 2 });
    const running = Promise.withResolvers<void>();
    const line = [1, 2, 3].map(() => exclusive(() => running.promise));
    const busy = { code: "backend_unavailable", retryAfter: expect.any(Number) };
    await expect(exclusive(async () => {})).rejects.toMatchObject(busy);
    running.resolve();
    await Promise.all(line);
    expect(await exclusive(async () => 7)).toBe(7);
  });

  it("are not waited for longer than anyone has patience", async () => {
    const exclusive = createTurns({ interval: 1, patience: 20 });
    const running = Promise.withResolvers<number>();
    const first = exclusive(() => running.promise);
    await expect(exclusive(async () => {})).rejects.toMatchObject({ code: "backend_unavailable" });
    running.resolve(1);
    expect(await first).toBe(1);
    expect(await exclusive(async () => 7)).toBe(7);
  });

  it("do not begin for a request that is gone already", async () => {
    const exclusive = createTurns();
    await expect(exclusive(async () => {}, AbortSignal.abort(new Error("gone")))).rejects.toThrow();
    expect(await exclusive(async () => 7)).toBe(7);
  });
});
