import { expect, test } from "vitest";
import { growTightly } from "./heap.ts";

const PAGE = 65_536;

/** What Emscripten's glue does when `needed` more pages are asked for: true when it got them. */
function grow(memory: WebAssembly.Memory, needed: number): boolean {
  const before = memory.buffer.byteLength / PAGE;
  for (let cutDown = 1; cutDown <= 4; cutDown *= 2) {
    const overGrown = Math.ceil(before * (1 + 0.2 / cutDown));
    try {
      memory.grow(Math.max(before + needed, overGrown) - before);
      return true;
    } catch {}
  }
  return false;
}

test("a heap grows by 5 % or by what is needed, not by 20 %", () => {
  const memory = new WebAssembly.Memory({ initial: 100, maximum: 300 });
  growTightly({ env: { memory } });
  expect(grow(memory, 1)).toBe(true);
  expect(memory.buffer.byteLength / PAGE).toBe(105);
  expect(grow(memory, 95)).toBe(true);
  expect(memory.buffer.byteLength / PAGE).toBe(200);
  expect(grow(memory, 101)).toBe(false); // there is a maximum
  expect(grow(memory, 100)).toBe(true);
  expect(memory.buffer.byteLength / PAGE).toBe(300);
});
