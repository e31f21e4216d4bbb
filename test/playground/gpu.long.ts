// WebGPU on a software adapter: minutes for a few photographs.
import { expect, test } from "vitest";
import { chooseSamples, done, saved, sentence, usesBrowser, visit } from "./browser.ts";
import { compare, expectedMasks } from "./expected.ts";
import { unzipped } from "./zip.ts";

usesBrowser(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);

test("on WebGPU, which is software here: the API's masks", async () => {
  const names = ["by-a-hedge.jpg", "on-a-rock.jpg"];
  const wanted = await expectedMasks("cats", names);
  const { page } = await visit("/?backend=webgpu");
  await chooseSamples(
    page,
    names.map((name) => `cats/${name}`),
  );
  await done(page, undefined, 840_000);
  expect(await page.locator(".where").textContent()).toContain("WebGPU");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByText("Soft edges").click();
  await page.getByLabel("Leave out photographs").uncheck();
  const { bytes } = await saved(page, () =>
    page.getByRole("button", { name: "Save as ZIP" }).click(),
  );
  await compare(unzipped(bytes), wanted);
}, 900_000);

test("the GPU is lost in the middle: the processor goes on, and the page says so", async () => {
  const { page } = await visit("/?backend=webgpu");
  await chooseSamples(page, ["hats/straw.jpg", "hats/turquoise.jpg"]);
  await expect
    .poll(() => page.locator(".where").textContent(), { timeout: 240_000 })
    .toContain("WebGPU");
  await expect.poll(() => sentence(page), { timeout: 240_000 }).toMatch(/^Looking at/);
  const session = await page.context().browser()?.newBrowserCDPSession();
  // Does not come back.
  void session?.send("Browser.crashGpuProcess").catch(() => {});
  await done(page, /^2 photographs in/);
  expect(await page.locator(".messages").textContent()).toContain("The GPU was lost");
  expect(await page.locator(".where").textContent()).toContain("threads");
}, 600_000);
