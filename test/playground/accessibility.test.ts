// Each state of the page, in both themes: nothing that axe finds serious, and nothing wider than the
// window. And a picture of each, in both languages, in playground-shots/.
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

const RACCOONS = ["on-a-bin", "two-by-a-palm", "upright-in-the-grass", "among-leaves"].map(
  (name) => `raccoons/${name}.jpg`,
);
const UNRELATED = ["raccoons/in-a-tree", "shoes/green-heels", "hats/turquoise"].map(
  (name) => `${name}.jpg`,
);

const DESKTOP = { viewport: { width: 1280, height: 860 } };
const PHONE = {
  viewport: { width: 360, height: 760 },
  ...{ deviceScaleFactor: 2, hasTouch: true, isMobile: true },
};

test.each([
  { device: "desktop", options: DESKTOP },
  { device: "phone", options: PHONE },
] as const)(
  "$device",
  async ({ device, options }) => {
    const { page } = await visit("/?backend=wasm", { ...options, serviceWorkers: "block" });
    const found: string[] = [];
    const state = async (name: string) => {
      // Pictures are decoded.
      await page.waitForTimeout(400);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        for (const language of ["zh", "en"]) {
          await page.locator(".language select").selectOption(language, { force: true });
          // Layers are painted.
          await page.waitForTimeout(150);
          await page.screenshot({
            path: join(SHOTS, `${device}-${language}-${colorScheme}-${name}.png`),
          });
          const excess = await page.evaluate(
            () => document.documentElement.scrollWidth - innerWidth,
          );
          if (excess > 0) found.push(`${name}, ${language}: ${excess} pixels too wide`);
        }
        found.push(...(await serious(page)).map((problem) => `${name}: ${problem}`));
      }
    };

    await state("01-start");
    const context = page.context();
    await context.route(/\.onnx/, (route) => route.abort());
    await chooseSamples(page, RACCOONS);
    await page.locator(".failed").waitFor({ timeout: 120_000 });
    await state("02-failed");
    await context.unroute(/\.onnx/);
    const rest = Promise.withResolvers<void>();
    await context.route(/\.onnx/, async (route) => {
      await rest.promise;
      await route.continue();
    });
    await page.locator(".failed button").click();
    await page.locator(".bar").waitFor();
    await state("03-loading");
    rest.resolve();
    await done(page, /^4 /);
    for (const view of ["overlay", "mask", "cutout", "compare", "why"]) {
      await page.locator(`.toolbar input[value="${view}"]`).check({ force: true });
      await state(`04-${view}`);
    }
    await page.locator('.toolbar input[value="overlay"]').check({ force: true });

    await page.locator(".tile .open").nth(2).click();
    await state("05-viewer");
    await page.locator(".stage").press("Enter");
    await page.locator(".mark-point").waitFor();
    await done(page, /none of them new/);
    await state("06-marked");
    await page.locator('.viewer-tools input[value="draw"]').check({ force: true });
    await state("07-brush");
    await page.keyboard.press("Escape");

    await page.locator(".toolbar .actions .primary").click();
    await state("08-export");
    await page.locator('.format input[value="studio"]').check({ force: true });
    await state("09-studio");
    await page.keyboard.press("Escape");

    await choose(page, [
      { name: "notes.txt", buffer: Buffer.from("no photograph") },
      { name: "phone.heic", buffer: Buffer.from("\0\0\0\x18ftypheic\0\0\0\0heicmif1", "latin1") },
    ]);
    await page.locator(".problem").nth(1).waitFor();
    await state("10-problems");
    await page.getByRole("button", { name: "Start over" }).click();
    await chooseSamples(page, UNRELATED);
    await done(page, /^3 /);
    await state("11-nothing-in-common");
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
