// What the page weighs and how soon it is there: printed, and held against its budget.
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { done, usesBrowser, visit } from "./browser.ts";

usesBrowser();

/** Compressed bytes of scripts and styles, before the model and its runtime. */
const MOST_BYTES = 150_000;

test("bytes before the model, first paint on a slow processor, time to the first mask", async () => {
  const { page } = await visit("/?backend=wasm");
  const context = page.context();
  let bytes = 0;
  const session = await context.newCDPSession(page);
  const other = await context.newPage();
  other.on("response", async (response) => {
    const type = response.headers()["content-type"] ?? "";
    if (!/javascript|css|html/.test(type) || /runtime-/.test(response.url())) return;
    bytes += gzipSync(await response.body().catch(() => Buffer.alloc(0))).length;
  });
  const slow = await context.newCDPSession(other);
  await slow.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await other.goto(page.url());
  const paint = await other.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const observer = new PerformanceObserver((list) => {
          const entry = list.getEntriesByName("first-contentful-paint")[0];
          if (entry) resolve(entry.startTime);
        });
        observer.observe({ type: "paint", buffered: true });
      }),
  );
  await slow.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  const began = Date.now();
  await other.getByRole("button", { name: "Raccoons" }).click();
  await other.locator(".tile.is-masked").first().waitFor({ timeout: 180_000 });
  const first = Date.now() - began;
  await done(other);
  await session.detach();
  console.log(
    [
      `scripts and styles, compressed: ${(bytes / 1000).toFixed(1)} kB of ${MOST_BYTES / 1000} kB`,
      `first contentful paint, processor slowed 4 times: ${paint.toFixed(0)} ms`,
      `from the click to the first mask, with model and runtime to fetch: ${first} ms`,
      await other.locator(".where").textContent(),
    ].join("\n"),
  );
  expect(bytes).toBeGreaterThan(30_000);
  expect(bytes).toBeLessThan(MOST_BYTES);
});
