import { expect, it } from "vitest";
import { MachineTime } from "./machine-time.ts";

it("is divided among the tasks that run at the same time", () => {
  let now = 500;
  const machine = new MachineTime(() => now);
  const first = machine.begin();
  now += 100;
  const second = machine.begin();
  now += 60;
  expect(first.end()).toBe(130);
  now += 10;
  expect(second.end()).toBe(40);
  // While nothing runs, nobody has the time.
  now += 1000;
  const third = machine.begin();
  now += 5;
  expect(third.end()).toBe(5);
});
