// Files of all kinds, and photographs that come and go while others are worked on.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { choose, chooseSamples, done, sentence, usesBrowser, visit } from "./browser.ts";
import { drawn } from "./drawn.ts";

usesBrowser();

const example = (path: string) => readFile(new URL(`../../examples/${path}`, import.meta.url));
const fixture = (name: string) => readFile(new URL(`../fixtures/images/${name}`, import.meta.url));

test("12 megapixels, a text, HEIC, a GIF, an animation: each that is no photograph says so, the others are masked", async () => {
  const { page, errors } = await visit("/?backend=wasm");
  await choose(page, [
    { name: "b.jpg", buffer: await example("cats/by-a-hedge.jpg") },
    { name: "notes.txt", buffer: Buffer.from("no photograph at all") },
    { name: "phone.heic", buffer: Buffer.from("\0\0\0\x18ftypheic\0\0\0\0heicmif1", "latin1") },
    { name: "moving.gif", buffer: Buffer.from("GIF89a\x01\0\x01\0\0\0\0;", "latin1") },
    { name: "animated.webp", buffer: await fixture("animated.webp") },
  ]);
  const drop = await drawn(page, { count: 1, width: 4000, height: 3000 });
  await drop();
  await done(page, /^3 photographs in/);
  const problems = await page.locator(".problem").allTextContents();
  // Of an animated WebP the first frame is masked.
  expect(problems).toHaveLength(3);
  expect(problems[0]).toMatch(/notes\.txt.*not a JPEG, PNG, WebP or AVIF/);
  expect(problems[1]).toMatch(/phone\.heic.*cannot read HEIC/);
  expect(problems[2]).toMatch(/moving\.gif.*animated/);
  expect(errors).toEqual([]);
});

test("of photographs that come and go, only new ones are encoded", async () => {
  const { page } = await visit("/?backend=wasm");
  const cats = ["on-a-rock", "by-a-hedge", "in-a-wooden-box"].map((name) => `cats/${name}.jpg`);
  await chooseSamples(page, cats);
  await expect.poll(() => sentence(page), { timeout: 120_000 }).toMatch(/^Looking at [12]/);
  // While it is worked on.
  await page.getByRole("button", { name: "Remove on-a-rock.jpg" }).click({ force: true });
  await done(page, /^2 photographs in/);
  await chooseSamples(page, ["cats/on-a-waste-bin.jpg"]);
  await done(page, /^3 photographs in .*, 1 of them new$/);
  await page.getByRole("button", { name: "Remove by-a-hedge.jpg" }).click({ force: true });
  await done(page, /^2 photographs in .*, none of them new$/);
  // The same photograph a second time is none more.
  await choose(page, [{ name: "twice.jpg", buffer: await example("cats/on-a-waste-bin.jpg") }]);
  await expect.poll(() => page.locator(".tile").count()).toBe(2);
});
