// Everything that can be taken from the page, opened again.
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { decodeConsensus } from "../../src/engine/index.ts";
import { choose, chooseSamples, done, saved, usesBrowser, visit } from "./browser.ts";
import { unzipped } from "./zip.ts";

usesBrowser();

const NAMES = ["straw", "striped-cap", "turquoise"];
const example = (path: string) => readFile(new URL(`../../examples/${path}`, import.meta.url));

test("cut-outs, studio set, masks, COCO, YOLO, COLMAP, the clipboard and the consensus", async () => {
  const { page, errors } = await visit("/?backend=wasm");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await chooseSamples(
    page,
    NAMES.map((name) => `hats/${name}.jpg`),
  );
  await done(page);
  const sizes = await Promise.all(NAMES.map((name) => sizeOf(page, `hats/${name}.jpg`)));
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByLabel("Leave out photographs").uncheck();

  const cutouts = await archive(page, "cutout");
  expect([...cutouts.keys()]).toEqual(NAMES.map((name) => `${name}.cutout.png`));
  const seen = await Promise.all([...cutouts.values()].map((file) => look(page, file)));
  expect(seen.map(({ size }) => size)).toEqual(sizes);
  for (const { clear, opaque } of seen) {
    expect(clear).toBeGreaterThan(0.1);
    expect(opaque).toBeGreaterThan(0.05);
  }

  const studio = await archive(page, "studio", async () => {
    await page.locator(".studio-options select").first().selectOption("900x1200");
  });
  expect([...studio.keys()]).toEqual(NAMES.map((name) => `${name}.studio.png`));
  for (const file of studio.values()) {
    expect(await look(page, file)).toMatchObject({
      size: [900, 1200],
      corner: [255, 255, 255, 255],
    });
  }

  const binary = await archive(page, "binary");
  expect([...binary.keys()]).toEqual(NAMES.map((name) => `${name}.binary.png`));
  const masks = await Promise.all([...binary.values()].map((file) => look(page, file)));
  expect(masks.map(({ size }) => size)).toEqual(sizes);
  expect(masks.map(({ levels }) => levels)).toEqual([2, 2, 2]);

  const colmap = await archive(page, "colmap");
  expect([...colmap.keys()]).toEqual(NAMES.map((name) => `masks/${name}.jpg.png`));
  expect([...colmap.values()]).toEqual([...binary.values()]);

  const coco = JSON.parse((await file(page, "coco")).toString()) as Coco;
  expect(coco.images.map(({ file_name }) => file_name)).toEqual(NAMES.map((name) => `${name}.jpg`));
  expect(coco.annotations.map(({ area }) => area)).toEqual(masks.map(({ white }) => white));

  const yolo = await archive(page, "yolo", () => page.getByLabel("Name of the object").fill("hat"));
  expect(yolo.get("data.yaml")?.toString()).toContain("hat");
  for (const name of NAMES) {
    expect(yolo.get(`images/${name}.jpg`)).toEqual(await example(`hats/${name}.jpg`));
    const [kind, ...corners] = (yolo.get(`labels/${name}.txt`) as Buffer).toString().split(/\s+/);
    expect(kind).toBe("0");
    expect(corners.length).toBeGreaterThan(6);
    for (const share of corners.map(Number)) expect(share >= 0 && share <= 1).toBe(true);
  }

  const { name, bytes } = await saved(page, () =>
    page.getByRole("button", { name: "Save consensus" }).click(),
  );
  expect(decodeConsensus(new Uint8Array(bytes)).data.length).toBeGreaterThan(0);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Open straw.jpg" }).click();
  await page.getByRole("button", { name: "Copy cut-out" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  expect((await look(page, await pasted(page))).size).toEqual(sizes[0]);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Start over" }).click();
  await choose(page, [
    { name: "other.jpg", buffer: await example("hats/fur-trimmed.jpg") },
    { name, buffer: bytes },
  ]);
  await done(page, /^1 photograph in/);
  expect(await page.locator(".messages").textContent()).toContain(`the consensus in ${name}`);
  await page.getByRole("button", { name: "Export" }).click();
  const again = await saved(page, () =>
    page.getByRole("button", { name: "Save consensus" }).click(),
  );
  expect(again.bytes).toEqual(bytes);
  await page.keyboard.press("Escape");

  await page.getByLabel("Service").check({ force: true });
  await expect.poll(() => page.locator(".where").textContent()).toContain("Service");
  await done(page, /^1 photograph in/);
  expect(await page.locator(".messages").textContent()).toContain(`the consensus in ${name}`);
  expect(errors).toEqual([]);
});

interface Coco {
  readonly images: readonly { readonly file_name: string }[];
  readonly annotations: readonly { readonly area: number }[];
}

async function file(page: Page, format: string, prepare = async () => {}): Promise<Buffer> {
  await page.locator(`.format input[value="${format}"]`).check({ force: true });
  await prepare();
  const { bytes } = await saved(page, () => page.locator(".is-main .primary").click());
  return bytes;
}

async function archive(page: Page, format: string, prepare?: () => Promise<void>) {
  return unzipped(await file(page, format, prepare));
}

/** What the browser sees in a picture; soft masks are seldom exactly 0 or 255. */
async function look(page: Page, picture: Buffer) {
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.fromBase64(base64);
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context?.drawImage(bitmap, 0, 0);
    const data = context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
    const reds = new Set<number>();
    let [clear, opaque, white] = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) {
      reds.add(data[i] as number);
      clear += Number((data[i + 3] as number) < 26);
      opaque += Number((data[i + 3] as number) > 229);
      white += Number(data[i] === 255);
    }
    const pixels = width * height;
    return {
      size: [width, height],
      corner: [...data.slice(0, 4)],
      levels: reds.size,
      white,
      clear: clear / pixels,
      opaque: opaque / pixels,
    };
  }, picture.toString("base64"));
}

async function sizeOf(page: Page, path: string): Promise<number[]> {
  return (await look(page, await example(path))).size;
}

async function pasted(page: Page): Promise<Buffer> {
  const base64 = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const blob = await item?.getType("image/png");
    return (await blob?.bytes())?.toBase64() ?? "";
  });
  return Buffer.from(base64, "base64");
}
