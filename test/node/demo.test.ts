import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contactPage } from "../../scripts/demo/page.ts";
import { readGroups } from "../../scripts/demo/photographs.ts";
import {
  blank,
  overlay,
  type Picture,
  TINT,
  thumbnail,
  toPng,
} from "../../scripts/demo/pictures.ts";
import { contactSheet, TILE } from "../../scripts/demo/sheet.ts";
import { table } from "../../scripts/demo/table.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cosal-demo-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), name);
  }
}

async function found(): Promise<Record<string, string[]>> {
  const groups = await readGroups(folder);
  return Object.fromEntries(
    groups.map(({ name, photographs }) => [name, photographs.map((photograph) => photograph.name)]),
  );
}

describe("the folder given to the demo", () => {
  it("is a group of its photographs", async () => {
    await put("b.JPG", "a.png", "notes.txt", "more/c.jpg");
    expect(Object.values(await found())).toEqual([["a.png", "b.JPG"]]);
  });

  it("may be a folder of groups", async () => {
    await put("dogs/a.jpg", "cats/b.webp", "texts/c.txt");
    expect(await found()).toEqual({ cats: ["b.webp"], dogs: ["a.jpg"] });
  });

  it("may not be missing, a file, empty, or too full", async () => {
    await expect(readGroups(join(folder, "none"))).rejects.toThrow("There is no folder");
    await put("notes.txt");
    await expect(readGroups(join(folder, "notes.txt"))).rejects.toThrow("is a file");
    await expect(readGroups(folder)).rejects.toThrow("has no photographs");
    await put(...Array.from({ length: 65 }, (_, i) => `${i}.jpg`));
    await expect(readGroups(folder)).rejects.toThrow("has 65 photographs; a group has at most 64");
  });
});

function plain(width: number, height: number, light: number): Picture {
  const picture = blank(width, height);
  picture.data.fill(light);
  return picture;
}

describe("the contact sheet", () => {
  it("puts photograph, mask and overlay of each image under each other, eight to a band", () => {
    const column = {
      photograph: plain(TILE, TILE / 2, 10),
      mask: plain(TILE, TILE / 2, 20),
      overlay: plain(TILE, TILE / 2, 30),
    };
    const one = contactSheet([[column]]);
    const middle = (row: number) => {
      const y = Math.round(((row + 0.5) * one.height) / 3);
      return one.data[4 * (y * one.width + one.width / 2)];
    };
    expect([0, 1, 2].map(middle)).toEqual([10, 20, 30]);
    const nine = contactSheet([Array(9).fill(column)]);
    const eight = contactSheet([Array(8).fill(column)]);
    expect(nine.width).toBe(eight.width);
    expect(nine.height).toBeGreaterThan(2 * eight.height);
    expect(contactSheet([[column], [column]])).toEqual(
      expect.objectContaining({ width: one.width, height: nine.height }),
    );
  });

  it("tints the object and darkens the rest", () => {
    const mask = blank(2, 1);
    mask.data.set([0, 0, 0, 255, 255, 255, 255, 255]);
    const { data } = overlay(plain(2, 1, 100), mask);
    expect([...data.slice(0, 3)]).toEqual([45, 45, 45]);
    const tinted = Uint8ClampedArray.from(TINT, (light) => (100 + light) / 2);
    expect(data.slice(4, 7)).toEqual(tinted);
  });

  it("is a PNG that decodes to itself", async () => {
    const picture = plain(9, 11, 255);
    picture.data.set([1, 2, 3, 255], 40);
    expect(await thumbnail(await toPng(picture), 11)).toEqual(picture);
  });
});

const body = {
  id: "a".repeat(64),
  model: { name: "m", digest: "d" },
  backend: "wasm",
  cache: "miss" as const,
  common: 1,
  consensus: { url: "" },
  images: [],
  skipped: [],
  notices: [],
};

it("the page shows names as text", () => {
  const image = {
    id: '<script>"x"&',
    sha256: "",
    ...{ width: 2, height: 1, coverage: 0.5, box: null, presence: 1 },
    mask: { url: "", type: "image/png" as const },
  };
  const page = contactPage([
    { name: "<b>", body, images: [{ image, photograph: "data:p", mask: "data:m" }] },
  ]);
  expect(page).not.toMatch(/<script|<b>/);
  expect(page).toContain("&#60;script&#62;&#34;x&#34;&#38;");
});

it("the table has a line per image", () => {
  const image = { id: "a.jpg", coverage: 0.1234, presence: 0.5 };
  const text = table({
    group: { name: "dogs", photographs: [] },
    body: { ...body, images: [image as never] },
    masks: [],
    milliseconds: new Map([["a.jpg", 104.4]]),
    total: 1234,
    again: { cache: "hit", milliseconds: 9.6 },
  });
  expect(text.split("\n").map((line) => line.trim().split(/\s{2,}/))).toEqual([
    ["dogs: 1 photograph in 1.2 s (miss); in another order, under other names: 10 ms (hit)"],
    ["image", "coverage", "presence", "ms", "again"],
    ["a.jpg", "12.3 %", "0.50", "104", "hit"],
    [""],
  ]);
});
