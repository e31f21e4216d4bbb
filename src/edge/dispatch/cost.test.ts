import { expect, test } from "vitest";
import { costOf, estimate } from "./cost.ts";

test("an image whose features are known costs no encoding", () => {
  const cost = { encode: 100, decode: 10 };
  expect(estimate(5, 0, cost)).toBe(550);
  expect(estimate(5, 4, cost)).toBe(150);
  expect(estimate(0, 0, cost)).toBe(0);
});

test("a network of four times the pixels costs four times as much, the photograph's file does not", () => {
  const [small, large] = [costOf({ width: 256, height: 256 }), costOf({ width: 512, height: 512 })];
  expect(large.decode).toBe(4 * small.decode);
  expect(large.encode).toBeLessThan(4 * small.encode);
});
