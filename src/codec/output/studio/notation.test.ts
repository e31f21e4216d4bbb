import { expect, test } from "vitest";
import { parseCanvas, parseColour, parseMargin } from "./notation.ts";

test("canvases, margins and colours are read, and nothing else", () => {
  expect(parseCanvas("1200x900")).toEqual({ width: 1200, height: 900 });
  for (const text of ["1200", "x", "15x200", "200x4097", "-1x5", "1e3x1e3", "1200x900 "]) {
    expect(parseCanvas(text), text).toBeUndefined();
  }
  expect(["0%", "8%", "12.5%", "49.5%"].map(parseMargin)).toEqual([0, 0.08, 0.125, 0.495]);
  for (const text of ["8", "50%", "-1%", "100%", "%", "08.%", ""]) {
    expect(parseMargin(text), text).toBeUndefined();
  }
  expect(parseColour("#fff")).toEqual([255, 255, 255]);
  expect(parseColour("1a2B3c")).toEqual([0x1a, 0x2b, 0x3c]);
  for (const text of ["", "#", "white", "#ffff", "#gggggg"]) {
    expect(parseColour(text), text).toBeUndefined();
  }
});
