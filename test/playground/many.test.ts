// Two hundred photographs: the page answers all the time, and its memory does not grow with them.
import type { Browser, CDPSession, Page } from "playwright-core";
import { expect, test } from "vitest";
import { done, sentence, usesBrowser, visit } from "./browser.ts";
import { drawn } from "./drawn.ts";
import { longTasks } from "./long-tasks.ts";

usesBrowser(["--enable-precise-memory-info", "--js-flags=--expose-gc"]);

/** Milliseconds of the page's own thread, without what others take of the processor. */
const LONGEST_TASK = 100;
/** Bytes that the page's heap may have more of at the end than after the first 50. */
const GROWTH = 24e6;
const COUNT = 200;
/** Milliseconds that half of them may take on a busy machine. */
const PATIENCE = 900_000;

test("200 photographs: no long task, and a heap that is flat after the first 50", async () => {
  const { page, errors } = await visit("/?backend=wasm");
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const drop = await drawn(page, { count: COUNT, width: 1600, height: 1200 });
  await observeLongTasks(page);
  const browser = page.context().browser() as Browser;
  const tasks = await longTasks(browser, async () => {
    await drop();
    await done(page, /^(Looking at|Masking) ([5-9]\d|1\d\d) /, PATIENCE);
  });
  // Between the two: to collect garbage is a long task itself.
  const before = await heap(session);
  const others = await longTasks(browser, async () => {
    await done(page, /^200 photographs in/, PATIENCE);
    await page.mouse.wheel(0, 4000);
    await page.waitForTimeout(500);
  });
  tasks.push(...others);
  const after = await heap(session);
  console.log(`heap after 50: ${megabytes(before)}, after ${COUNT}: ${megabytes(after)}`);
  console.log(
    `longest task: ${Math.max(0, ...tasks).toFixed(0)} ms of the page's thread, ` +
      `${(await longestObserved(page)).toFixed(0)} ms by the clock; ${await sentence(page)}`,
  );
  expect(after - before).toBeLessThan(GROWTH);
  // Only what is near the window is in the document.
  expect(await page.locator(".tile").count()).toBeLessThan(COUNT / 2);
  expect(Math.max(0, ...tasks)).toBeLessThan(LONGEST_TASK);
  expect(errors).toEqual([]);
}, 1_800_000);

/** Collects what the page's own observer tells: by the clock, with what others take of the processor. */
async function observeLongTasks(page: Page): Promise<void> {
  await page.evaluate(() => {
    const found: number[] = [];
    Object.assign(globalThis, { found });
    new PerformanceObserver((list) => {
      found.push(...list.getEntries().map(({ duration }) => duration));
    }).observe({ type: "longtask" });
  });
}

function longestObserved(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, ...(globalThis as unknown as { found: number[] }).found));
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Of the page's thread, once what is not needed any more is gone. */
async function heap(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return usedSize;
}
