import { expect, test } from "vitest";
import { estimate } from "./cost.ts";

test("an image whose features are known costs no encoding", () => {
  const cost = { encode: 100, decode: 10 };
  expect(estimate(5, 0, cost)).toBe(550);
  expect(estimate(5, 4, cost)).toBe(150);
  expect(estimate(0, 0, cost)).toBe(0);
});
