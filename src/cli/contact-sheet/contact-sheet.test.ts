import { describe, expect, it } from "vitest";
import { contactPage } from "./page.ts";
import { blank, overlay, type Picture, TINT, thumbnail, toPng } from "./pictures.ts";
import { contactSheet, TILE } from "./sheet.ts";

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

it("the page shows names as text", () => {
  const image = {
    ...{ title: '<script>"x"&', width: 2, height: 1, coverage: 0.5, presence: 1 },
    ...{ photograph: "data:p", mask: "data:m" },
  };
  const page = contactPage([{ title: "<b>", detail: "<i>", images: [image] }]);
  expect(page).not.toMatch(/<script|<b>|<i>/);
  expect(page).toContain("&#60;script&#62;&#34;x&#34;&#38;");
});
