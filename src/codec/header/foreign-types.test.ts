import { expect, test } from "vitest";
import { readHeader } from "./index.ts";

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** A file that begins with these bytes, and has some more. */
function fileOf(start: string): Uint8Array {
  return latin1(start.padEnd(200, "\0"));
}

/** A type box with the major brand, its version, and compatible brands. */
function ftyp(...brands: readonly string[]): string {
  const [major, ...compatible] = brands;
  const content = `ftyp${major}\0\0\0\0${compatible.join("")}`;
  return `\0\0\0${String.fromCharCode(4 + content.length)}${content}`;
}

/** A TIFF, of either byte order, whose first directory has these tags: a number, or text. */
function tiff(order: "II" | "MM", entries: Readonly<Record<number, number | string>>): string {
  const word = (value: number, bytes: number) => {
    const letters = Array.from({ length: bytes }, (_, i) =>
      String.fromCharCode((value >> (8 * i)) & 255),
    );
    return (order === "II" ? letters : letters.reverse()).join("");
  };
  const list = Object.entries(entries);
  let texts = "";
  const end = 8 + 2 + 12 * list.length + 4;
  const directory = list.map(([tag, value]) => {
    if (typeof value === "number")
      return word(Number(tag), 2) + word(4, 2) + word(1, 4) + word(value, 4);
    const at = end + texts.length;
    texts += `${value}\0`;
    return word(Number(tag), 2) + word(2, 2) + word(value.length + 1, 4) + word(at, 4);
  });
  return (
    order +
    word(42, 2) +
    word(8, 4) +
    word(list.length, 2) +
    directory.join("") +
    word(0, 4) +
    texts
  );
}

const [SUBFILE, MAKE, SUB_DIRECTORIES, DNG_VERSION] = [0xfe, 0x10f, 0x14a, 0xc612];

test.each([
  ["HEIC", ftyp("heic", "mif1", "heic")],
  ["HEIC", ftyp("mif1", "heix")],
  ["HEIC", ftyp("msf1", "hevc")],
  ["HEIF", ftyp("mif1", "j2ki")],
  ["CR3", ftyp("crx ", "crx ", "isom")],
  ["video", ftyp("qt  ")],
  ["video", ftyp("isom", "mp42")],
  ["video", "\x1a\x45\xdf\xa3"],
  ["video", "RIFF\0\0\0\0AVI LIST"],
  ["GIF", "GIF89a"],
  ["GIF", "GIF87a"],
  ["BMP", `BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0`],
  ["TIFF", tiff("II", { 256: 9 })],
  ["TIFF", tiff("MM", { 256: 9 })],
  ["TIFF", "II+\0\x08\0\0\0"],
  // A camera that writes TIFF, or a program that keeps who took the photograph.
  ["TIFF", tiff("II", { [SUBFILE]: 0, [MAKE]: "NIKON CORPORATION", [SUB_DIRECTORIES]: 8 })],
  ["TIFF", tiff("MM", { [MAKE]: "SONY" })],
  ["DNG", tiff("II", { [SUBFILE]: 1, [MAKE]: "Google", [SUB_DIRECTORIES]: 8, [DNG_VERSION]: 1 })],
  ["NEF", tiff("MM", { [SUBFILE]: 1, [MAKE]: "NIKON CORPORATION", [SUB_DIRECTORIES]: 8 })],
  ["ARW", tiff("II", { [SUBFILE]: 1, [MAKE]: "SONY", [SUB_DIRECTORIES]: 8 })],
  ["raw photograph;", tiff("II", { [SUBFILE]: 1, [MAKE]: "PENTAX", [SUB_DIRECTORIES]: 8 })],
  ["CR2", "II*\0\x10\0\0\0CR\x02\0"],
  ["RAF", "FUJIFILMCCD-RAW 0201"],
  ["ORF", "IIRO\x08\0\0\0"],
  ["RW2", "IIU\0\x18\0\0\0"],
  ["JPEG XL", "\xff\x0a"],
  ["JPEG XL", "\0\0\0\x0cJXL \r\n\x87\n"],
  ["JPEG 2000", "\0\0\0\x0cjP  \r\n\x87\n"],
  ["JPEG 2000", "\xff\x4f\xff\x51"],
  ["PSD", "8BPS\0\x01"],
  ["PDF", "%PDF-1.7"],
  ["ZIP", "PK\x03\x04"],
  ["gzip", "\x1f\x8b\x08"],
  ["base64", "data:image/jpeg;base64,/9j/4AAQ"],
  ["base64", "/9j/4AAQSkZJRg"],
  ["base64", "iVBORw0KGgoAAAANSUhEUg"],
  ["SVG", `<svg xmlns="http://www.w3.org/2000/svg"/>`],
  ["SVG", `\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made by hand -->\n<svg width="9"`],
  ["HTML", "\n<!DOCTYPE html><title>404</title>"],
  ["HTML", `<html lang="en">`],
])("%s is named, with what to do", (name, start) => {
  const error = (bytes: Uint8Array) => {
    try {
      return readHeader(bytes);
    } catch (error) {
      return error;
    }
  };
  expect(error(fileOf(start))).toMatchObject({
    code: "image_type_unsupported",
    message: expect.stringMatching(
      new RegExp(`^The file is .*${name}.*AVIF are taken\\. [A-Z].*\\.$`),
    ),
  });
  // However short the file is.
  for (let length = 0; length < start.length; length++) {
    expect(error(latin1(start.slice(0, length)))).toMatchObject({ name: "CosalError" });
  }
});

test("anything else is told to be none of those that are taken", () => {
  for (const text of ["hello", "BMW", "II", "", "<p>"]) {
    expect(() => readHeader(latin1(text))).toThrow(/none of JPEG, PNG, WebP and AVIF|empty/);
  }
});
