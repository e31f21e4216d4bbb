// What goes wrong: with files, with the network, with the GPU.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { choose, chooseSamples, done, usesBrowser, visit } from "./browser.ts";
import { dropDrawn } from "./drawn.ts";

usesBrowser(["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]);

const example = (path: string) => readFile(new URL(`../../examples/${path}`, import.meta.url));
const fixture = (name: string) => readFile(new URL(`../fixtures/images/${name}`, import.meta.url));

test("12 megapixels, a text, HEIC, a GIF and an animation: each says what it is, the others are masked", async () => {
  const { page, errors } = await visit("/?backend=wasm");
  await choose(page, [
    { name: "b.jpg", buffer: await example("cats/by-a-hedge.jpg") },
    { name: "notes.txt", buffer: Buffer.from("no photograph at all") },
    { name: "phone.heic", buffer: Buffer.from("\0\0\0\x18ftypheic\0\0\0\0heicmif1", "latin1") },
    { name: "moving.gif", buffer: Buffer.from("GIF89a\x01\0\x01\0\0\0\0;", "latin1") },
    { name: "animated.webp", buffer: await fixture("animated.webp") },
  ]);
  await dropDrawn(page, { count: 1, width: 4000, height: 3000 });
  await done(page, /^3 photographs in/);
  const problems = await page.locator(".problem").allTextContents();
  expect(problems).toHaveLength(3);
  expect(problems[0]).toMatch(/notes\.txt.*no JPEG, PNG, WebP or AVIF/);
  expect(problems[1]).toMatch(/phone\.heic.*cannot read HEIC/);
  expect(problems[2]).toMatch(/moving\.gif.*animated/);
  expect(errors).toEqual([]);
});

test("a photograph that is removed while it is worked on, and one that is added: the rest is as it was", async () => {
  const { page } = await visit("/?backend=wasm");
  await chooseSamples(
    page,
    ["on-a-rock", "by-a-hedge", "in-a-wooden-box"].map((name) => `cats/${name}.jpg`),
  );
  await expect
    .poll(() => page.locator(".work .sentence").textContent(), { timeout: 120_000 })
    .toMatch(/^Looking at [12]/);
  await page.getByRole("button", { name: "Remove on-a-rock.jpg" }).click({ force: true });
  await done(page, /^2 photographs in/);
  await choose(page, [{ name: "again.jpg", buffer: await example("cats/on-a-rock.jpg") }]);
  await done(page, /^3 photographs in/);
  // The same photograph a second time is none more.
  await choose(page, [{ name: "twice.jpg", buffer: await example("cats/on-a-rock.jpg") }]);
  await expect.poll(() => page.locator(".tile").count()).toBe(3);
});

test("without a network the page says so; with one it goes on; then it works offline", async () => {
  const { page } = await visit("/?backend=wasm");
  const context = page.context();
  await context.route(/\.onnx/, (route) => route.abort());
  await chooseSamples(page, ["shoes/pink-slippers.jpg", "shoes/red-trainers.jpg"]);
  await expect
    .poll(() => page.locator(".failed").textContent(), { timeout: 120_000 })
    .toContain("The network is gone");
  await context.unroute(/\.onnx/);
  await page.getByRole("button", { name: "Try again" }).click();
  await done(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await context.setOffline(true);
  await page.reload();
  await page.locator("h1").waitFor();
  await choose(page, [
    { name: "a.jpg", buffer: await example("hats/straw.jpg") },
    { name: "b.jpg", buffer: await example("hats/turquoise.jpg") },
  ]);
  await done(page, /^2 photographs in/);
});

test("the GPU is lost in the middle: the processor goes on, and the page says so", async () => {
  const { page } = await visit("/?backend=webgpu");
  await chooseSamples(page, ["hats/straw.jpg", "hats/turquoise.jpg"]);
  await expect
    .poll(() => page.locator(".where").textContent(), { timeout: 240_000 })
    .toContain("WebGPU");
  await expect
    .poll(() => page.locator(".work .sentence").textContent(), { timeout: 240_000 })
    .toMatch(/^Looking at/);
  const browser = page.context().browser();
  const session = await browser?.newBrowserCDPSession();
  // Does not come back.
  void session?.send("Browser.crashGpuProcess").catch(() => {});
  await done(page, /^2 photographs in/);
  expect(await page.locator(".messages").textContent()).toContain("graphics processor was lost");
  expect(await page.locator(".where").textContent()).toContain("threads");
}, 600_000);
