// WebGPU on a software adapter: minutes for each photograph.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { choose, done, saved, usesBrowser, visit } from "./browser.ts";
import { compare, expectedMasks } from "./expected.ts";
import { unzipped } from "./zip.ts";

usesBrowser(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);

test("on WebGPU, which is software here: the API's masks", async () => {
  const names = ["by-a-hedge.jpg", "on-a-rock.jpg"];
  const wanted = await expectedMasks("cats", names);
  const { page } = await visit("/?backend=webgpu");
  const files = names.map(async (name) => ({
    name,
    buffer: await readFile(new URL(`../../examples/cats/${name}`, import.meta.url)),
  }));
  await choose(page, await Promise.all(files));
  await done(page, undefined, 840_000);
  expect(await page.locator(".where").textContent()).toContain("WebGPU");
  await page.getByRole("button", { name: "Take away" }).click();
  await page.getByText("Soft edges").click();
  await page.getByLabel("Leave out photographs").uncheck();
  const { bytes } = await saved(page, () =>
    page.getByRole("button", { name: "Save as ZIP" }).click(),
  );
  await compare(unzipped(bytes), wanted);
}, 900_000);
