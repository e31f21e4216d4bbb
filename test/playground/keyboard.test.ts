// The main path by keyboard alone.
import { expect, test } from "vitest";
import { done, saved, usesBrowser, visit } from "./browser.ts";
import { unzipped } from "./zip.ts";

usesBrowser();

test("the main path by keyboard: sample, masks, large view, other photographs, a mark, saving", async () => {
  const { page } = await visit("/?backend=wasm");
  const focused = () =>
    page.evaluate(() =>
      document.activeElement?.matches("button") ? document.activeElement.textContent : "",
    );
  for (let i = 0; i < 20 && !(await focused()).includes("Shoes"); i++)
    await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await done(page);
  const label = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "");
  for (let i = 0; i < 20 && !(await label()).startsWith("Open "); i++)
    await page.keyboard.press("Tab");
  const first = await label();
  await page.keyboard.press("ArrowRight");
  await expect.poll(label).not.toBe(first);
  const second = await label();
  await page.keyboard.press("Enter");
  await page.locator(".stage:focus").waitFor();
  expect(await label()).toContain(second.slice("Open ".length));
  await page.keyboard.press("ArrowRight");
  await expect.poll(label).not.toContain(second.slice("Open ".length));
  await page.keyboard.press("Space");
  expect(await page.getByLabel("Compare").last().isChecked()).toBe(true);
  const pose = () => page.locator(".sheet").first().getAttribute("style");
  const fitted = await pose();
  // Until it is wider than the window: what fits does not move.
  for (let i = 0; i < 5; i++) await page.keyboard.press("+");
  await expect.poll(pose).not.toBe(fitted);
  const zoomed = await pose();
  await page.keyboard.press("Shift+ArrowLeft");
  await expect.poll(pose).not.toBe(zoomed);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.locator(".viewer .mark-point").count()).toBe(1);
  await done(page, /none of them new/);
  await page.keyboard.press("Escape");
  await expect.poll(() => page.locator("dialog[open]").count()).toBe(0);
  await page.getByRole("button", { name: "Export" }).focus();
  await page.keyboard.press("Enter");
  const { bytes } = await saved(page, async () => {
    await page.getByRole("button", { name: "Save as ZIP" }).focus();
    await page.keyboard.press("Enter");
  });
  expect(unzipped(bytes).size).toBe(8);
});
