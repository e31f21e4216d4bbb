// Each state of the page, in both themes: nothing that axe finds serious. And a picture of each, in
// both languages, on a phone and on a desktop, in playground-shots/.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { choose, chooseSamples, done, usesBrowser, visit } from "./browser.ts";

usesBrowser();

const SHOTS = join(import.meta.dirname, "..", "..", "playground-shots");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const PHOTOGRAPHS = ["on-a-bin", "two-by-a-palm", "upright-in-the-grass", "among-leaves"].map(
  (name) => `raccoons/${name}.jpg`,
);

const DESKTOP = { viewport: { width: 1280, height: 860 } };
const PHONE = {
  viewport: { width: 390, height: 844 },
  ...{ deviceScaleFactor: 2, hasTouch: true, isMobile: true },
};

test.each([
  { device: "desktop", options: DESKTOP, locale: "en-GB", colorScheme: "light" },
  { device: "desktop", options: DESKTOP, locale: "zh-CN", colorScheme: "dark" },
  { device: "phone", options: PHONE, locale: "en-GB", colorScheme: "dark" },
  { device: "phone", options: PHONE, locale: "zh-CN", colorScheme: "light" },
] as const)(
  "$device, $locale, $colorScheme",
  async ({ device, options, locale, colorScheme }) => {
    const { page } = await visit("/?backend=wasm", { ...options, locale, colorScheme });
    const found: string[] = [];
    const state = async (name: string) => {
      // Layers are painted, and pictures decoded.
      await page.waitForTimeout(700);
      await page.screenshot({
        path: join(SHOTS, `${device}-${locale}-${colorScheme}-${name}.png`),
      });
      found.push(...(await serious(page)).map((problem) => `${name}: ${problem}`));
    };
    await state("1-start");
    await chooseSamples(page, PHOTOGRAPHS);
    await page.locator(".bar").waitFor();
    await state("2-working");
    await done(page, /^4 /);
    for (const view of ["overlay", "mask", "cutout", "compare", "why"]) {
      await page.locator(`.toolbar input[value="${view}"]`).check({ force: true });
      await state(`3-${view}`);
    }
    await page.locator('.toolbar input[value="overlay"]').check({ force: true });
    await page.locator(".tile .open").nth(2).click();
    await state("4-viewer");
    await page.locator('.viewer-tools input[value="draw"]').check({ force: true });
    await state("5-brush");
    await page.keyboard.press("Escape");
    await page.locator(".toolbar .actions .primary").click();
    await state("6-take-away");
    await page.keyboard.press("Escape");
    await choose(page, [{ name: "notes.txt", buffer: Buffer.from("no photograph") }]);
    await page.locator(".problem").waitFor();
    await state("7-problem");
    expect(found).toEqual([]);
  },
  600_000,
);

/** What axe finds that keeps someone from using the page. */
async function serious(page: Page): Promise<string[]> {
  // Not by a script element, which the policy refuses.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id} ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}
