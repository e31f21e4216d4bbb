// What the page computes is what the API computes.
import { readFile } from "node:fs/promises";
import { expect, inject, test } from "vitest";
import { nodeDecoder } from "../../src/codec/node.ts";
import { formOf, photographs } from "../server/servers.ts";
import { choose, done, saved, takeSample, usesBrowser, visit } from "./browser.ts";
import { unzipped } from "./zip.ts";

usesBrowser(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);

/** The bounds of the parity tests. */
const MEAN_DIFFERENCE = 1e-3;
const FLIPPED_PIXELS = 1e-3;

/** The API's soft masks by the photographs' names. */
async function expectedMasks(
  kind: string,
  names?: readonly string[],
): Promise<Map<string, Buffer>> {
  const all = await photographs(kind);
  const group = all.filter(({ name }) => names?.includes(name) ?? true);
  const response = await fetch(`${inject("url")}/v1/groups`, {
    method: "POST",
    body: formOf(group),
  });
  expect(response.status).toBe(200);
  const { images } = (await response.json()) as { images: { id: string; mask: { url: string } }[] };
  const files = images.map(async ({ id, mask }): Promise<[string, Buffer]> => {
    const file = await fetch(inject("url") + mask.url);
    return [id.replace(/\.jpg$/, ".png"), Buffer.from(await file.arrayBuffer())];
  });
  return new Map(await Promise.all(files));
}

async function compare(found: Map<string, Buffer>, wanted: Map<string, Buffer>) {
  const decoder = nodeDecoder();
  let [difference, flipped] = [0, 0];
  expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [name, file] of wanted) {
    const a = await decoder.decode(file);
    const b = await decoder.decode(found.get(name) as Buffer);
    expect([b.width, b.height]).toEqual([a.width, a.height]);
    let [sum, flips] = [0, 0];
    for (let i = 0; i < a.data.length; i += 4) {
      const [left, right] = [a.data[i] as number, b.data[i] as number];
      sum += Math.abs(left - right) / 255;
      flips += Number(left >= 128 !== right >= 128);
    }
    difference = Math.max(difference, (4 * sum) / a.data.length);
    flipped = Math.max(flipped, (4 * flips) / a.data.length);
  }
  console.log(
    `at most mean difference ${difference.toExponential(1)}, flipped ${flipped.toExponential(1)}`,
  );
  expect(difference).toBeLessThan(MEAN_DIFFERENCE);
  expect(flipped).toBeLessThan(FLIPPED_PIXELS);
}

test("the sample group by one click: the API's masks, on WebAssembly, and nothing asked of others", async () => {
  const wanted = await expectedMasks("cats");
  const { page, strangers, errors } = await visit("/?backend=wasm");
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await takeSample(page, "Cats");
  expect(await page.locator(".where").textContent()).toMatch(
    /threads · [\d.]+ photographs a second/,
  );
  await page.getByRole("button", { name: "Take away" }).click();
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

test("the same on WebGPU, which is software here", async () => {
  const names = ["by-a-hedge.jpg", "on-a-rock.jpg"];
  const wanted = await expectedMasks("cats", names);
  const { page } = await visit("/?backend=webgpu");
  const files = names.map(async (name) => ({
    name,
    buffer: await readFile(new URL(`../../examples/cats/${name}`, import.meta.url)),
  }));
  await choose(page, await Promise.all(files));
  await done(page);
  expect(await page.locator(".where").textContent()).toContain("WebGPU");
  await page.getByRole("button", { name: "Take away" }).click();
  await page.getByText("Soft edges").click();
  await page.getByLabel("Leave out photographs").uncheck();
  const { bytes } = await saved(page, () =>
    page.getByRole("button", { name: "Save as ZIP" }).click(),
  );
  await compare(unzipped(bytes), wanted);
}, 900_000);

test("the service: the same masks, with a link to the group", async () => {
  const { page, errors } = await visit();
  await page.getByLabel("Service").check({ force: true });
  await takeSample(page, "Hats");
  expect(await page.locator(".where").textContent()).toContain("Service");
  await page.getByRole("button", { name: "Take away" }).click();
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
