// Marking and mending.
import { expect, test } from "vitest";
import { chooseSamples, done, saved, usesBrowser, visit } from "./browser.ts";

usesBrowser();

test("a mark in one photograph changes all; nothing is encoded again; a stroke changes one, and is undone", async () => {
  const { page, before, stage } = await opened();

  // A box around the cat.
  await drag(page, stage, [0.58, 0.5], [0.8, 0.95]);
  await done(page, /^3 photographs in .*none of them new/);
  await page.keyboard.press("Escape");
  expect(await page.locator(".message").first().textContent()).toContain("marks in one photograph");
  const marked = await coco(page);
  const changed = before.filter(({ area }, i) => area !== marked[i]?.area);
  expect(changed.length).toBeGreaterThan(1);

  await page.getByRole("button", { name: "Open in-a-tree.jpg" }).click();
  await page.getByLabel("Erase from the mask").check({ force: true });
  await drag(page, stage, [0.4, 0.5], [0.7, 0.5]);
  await page.keyboard.press("Escape");
  const mended = await coco(page);
  const stroked = marked.filter(({ area }, i) => area !== mended[i]?.area);
  expect(stroked.map(({ image_id }) => image_id)).toEqual([2]);
  await page.getByRole("button", { name: "Open in-a-tree.jpg" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.keyboard.press("Escape");
  expect(await coco(page)).toEqual(marked);
});

test("a mark of what is not meant changes all, looks otherwise, and is undone", async () => {
  const { page, before, stage } = await opened();
  await page.getByLabel("Mark what is not meant").check({ force: true });
  await drag(page, stage, [0.2, 0.2], [0.5, 0.8]);
  await done(page, /^3 photographs in .*none of them new/);
  expect(await page.locator(".mark-box.is-negative").count()).toBe(1);
  await page.keyboard.press("Escape");
  const marked = await coco(page);
  const changed = before.filter(({ area }, i) => area !== marked[i]?.area);
  expect(changed.length).toBeGreaterThan(1);

  await page.getByRole("button", { name: "Open with-a-cat.jpg" }).click();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => page.locator(".mark-box").count()).toBe(0);
});

const raccoon = (name: string) => `raccoons/${name}.jpg`;

type Page = Awaited<ReturnType<typeof visit>>["page"];
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
type Share = readonly [number, number];

/** Three masked photographs, the one with the cat in the large view. */
async function opened() {
  const { page } = await visit("/?backend=wasm");
  await chooseSamples(page, ["with-a-cat", "in-a-tree", "on-a-bin"].map(raccoon));
  await done(page);
  const before = await coco(page);
  await page.getByRole("button", { name: "Open with-a-cat.jpg" }).click();
  const stage = (await page.locator(".stage").boundingBox()) as Box;
  return { page, before, stage };
}

async function drag(page: Page, { x, y, width, height }: Box, from: Share, to: Share) {
  await page.mouse.move(x + from[0] * width, y + from[1] * height);
  await page.mouse.down();
  await page.mouse.move(x + to[0] * width, y + to[1] * height, { steps: 6 });
  await page.mouse.up();
}

/** The annotations as COCO has them. */
async function coco(page: Page) {
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByText("Run lengths").click();
  const { bytes } = await saved(page, () =>
    page.getByRole("button", { name: "Save file" }).click(),
  );
  await page.keyboard.press("Escape");
  const { annotations } = JSON.parse(bytes.toString()) as {
    annotations: { image_id: number; area: number }[];
  };
  return annotations;
}
