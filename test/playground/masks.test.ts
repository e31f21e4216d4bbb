// What the page computes is what the API computes.
import { expect, test } from "vitest";
import { saved, takeSample, usesBrowser, visit } from "./browser.ts";
import { compare, expectedMasks } from "./expected.ts";
import { unzipped } from "./zip.ts";

usesBrowser();

test("the sample group by one click: the API's masks, on WebAssembly, and nothing asked of others", async () => {
  const wanted = await expectedMasks("cats");
  const { page, strangers, errors } = await visit("/?backend=wasm");
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await takeSample(page, "Cats");
  expect(await page.locator(".where").textContent()).toMatch(
    /threads · [\d.]+ photographs a second/,
  );
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByText("Soft edges").click();
  await page.getByLabel("Leave out photographs").uncheck();
  const { name, bytes } = await saved(page, () =>
    page.getByRole("button", { name: "Save as ZIP" }).click(),
  );
  expect(name).toBe("cosal-mask.zip");
  await compare(unzipped(bytes), wanted);
  expect(strangers).toEqual([]);
  expect(errors).toEqual([]);
});

test("the service: the same masks, with a link to the group", async () => {
  const { page, errors } = await visit();
  await page.getByLabel("Service").check({ force: true });
  await takeSample(page, "Hats");
  expect(await page.locator(".where").textContent()).toContain("Service");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByText("Soft edges").click();
  await page.getByLabel("Leave out photographs").uncheck();
  const { bytes } = await saved(page, () =>
    page.getByRole("button", { name: "Save as ZIP" }).click(),
  );
  await compare(unzipped(bytes), await expectedMasks("hats"));
  const address = await page.locator(".address").textContent();
  const response = await fetch(address as string);
  expect(((await response.json()) as { images: unknown[] }).images).toHaveLength(8);
  expect(errors).toEqual([]);
});
