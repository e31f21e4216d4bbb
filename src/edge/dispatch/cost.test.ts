import { expect, test } from "vitest";
import { costOf, estimate } from "./cost.ts";

const cost = { encode: 90, decode: 10 };
const reads = (count: number) => Array.from({ length: count }, () => 10);

test("an image whose features are known costs neither reading nor encoding", () => {
  expect(estimate(reads(5), 0, cost)).toBe(550);
  expect(estimate(reads(5), 4, cost)).toBe(150);
  expect(estimate([], 0, cost)).toBe(0);
});

test("a second look reads, encodes and decodes once more, whatever is known", () => {
  expect(estimate(reads(5), 0, cost, "high")).toBe(1100);
  expect(estimate(reads(5), 4, cost, "high")).toBe(700);
});

test("what an image's header says of decoding it is counted", () => {
  expect(estimate([10, 10, 5000], 0, cost)).toBe(5320);
  expect(estimate([undefined], 0, cost)).toBe(110);
});

test("a network of four times the pixels costs four times as much", () => {
  const [small, large] = [costOf({ width: 256, height: 256 }), costOf({ width: 512, height: 512 })];
  expect(large.decode).toBe(4 * small.decode);
  expect(large.encode).toBe(4 * small.encode);
});
