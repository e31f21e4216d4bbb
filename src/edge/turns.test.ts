import { describe, expect, it } from "vitest";
import { createTurns } from "./turns.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("turns", () => {
  it("come one at a time, in order", async () => {
    const exclusive = createTurns(1000, 1);
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
    const exclusive = createTurns(1000, 1);
    const failed = exclusive(() => Promise.reject(new Error("no")));
    await expect(failed).rejects.toThrow("no");
    expect(await exclusive(async () => 7)).toBe(7);
  });

  it("pass over work that went silent for good", async () => {
    const exclusive = createTurns(30, 1);
    void exclusive(() => new Promise(() => {}));
    expect(await exclusive(async () => 7)).toBe(7);
  });

  it("end at once when their request is dropped, at work or waiting", async () => {
    const exclusive = createTurns(60_000, 1);
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
    const exclusive = createTurns(30, 1);
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
});
