import { expect, it } from "vitest";
import { Rate } from "./rate.ts";

function withClock() {
  const clock = { now: 1e9 };
  return { clock, rate: new Rate(() => clock.now) };
}

it("is what came in the last minute, per second", () => {
  const { clock, rate } = withClock();
  rate.begin(0);
  expect(rate.perSecond()).toBe(0);
  let count = 0;
  for (let second = 1; second <= 300; second++) {
    clock.now += 1000;
    // Ten a second, and a hundred in the last minute.
    count += second <= 240 ? 10 : 100;
    rate.add(count);
  }
  expect(rate.perSecond()).toBeGreaterThan(95);
  expect(rate.perSecond()).toBeLessThan(101);
});

it("falls while nothing comes", () => {
  const { clock, rate } = withClock();
  rate.begin(0);
  clock.now += 1000;
  rate.add(10);
  expect(rate.perSecond()).toBe(10);
  clock.now += 9000;
  expect(rate.perSecond()).toBe(1);
});

it("does not count a pause, nor what came before it", () => {
  const { clock, rate } = withClock();
  rate.begin(0);
  clock.now += 1000;
  rate.add(50);
  clock.now += 3_600_000;
  rate.begin(50);
  expect(rate.perSecond()).toBe(0);
  clock.now += 2000;
  rate.add(60);
  expect(rate.perSecond()).toBe(5);
});
