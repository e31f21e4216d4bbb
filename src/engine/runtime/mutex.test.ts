import { expect, test } from "vitest";
import { runExclusive } from "./mutex.ts";

test("one piece of work at a time, in the order asked for, also after one has failed", async () => {
  const log: string[] = [];
  const work = (name: string, fails = false) =>
    runExclusive(async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([work("a"), work("b", true), work("c")]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});
