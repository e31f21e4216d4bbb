import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDisposition } from "./disposition.ts";

const fileName = (parameters: string) => parseDisposition(`form-data; ${parameters}`).fileName;

describe("a part's disposition", () => {
  it.each([
    [`name="image"; filename="a.jpg"`, "a.jpg"],
    [`name=image; filename=a.jpg`, "a.jpg"],
    [`NAME = "image" ;FileName = "a b;c.jpg"`, "a b;c.jpg"],
    // As browsers send it.
    [String.raw`name="image"; filename="C:\fakepath\cat.jpg"`, String.raw`C:\fakepath\cat.jpg`],
    [`name="image"; filename="a%22b%0D%0A.jpg"`, 'a"b\r\n.jpg'],
    [String.raw`name="image"; filename="folder\"`, "folder\\"],
    // As Go, Python's urllib3 and older versions of curl do.
    [String.raw`name="image"; filename="a\"b\\c.jpg"`, String.raw`a"b\c.jpg`],
    [String.raw`filename="a\"; name=\"b"; name="image"`, `a"; name="b`],
    // RFC 8187
    [`name="image"; filename="a.jpg"; filename*=UTF-8''na%C3%AFve.jpg`, "naïve.jpg"],
    [`name="image"; filename*=iso-8859-1'en'%A3.jpg`, "£.jpg"],
    [`name="image"; filename="a.jpg"; filename*=UTF-8''%C3`, "a.jpg"],
    [`name="image"; filename="a.jpg"; filename*=koi8-r''%C3`, "a.jpg"],
    [`name="image"; filename="a.jpg"; filename="b.jpg"`, "a.jpg"],
    [`name="image"; filename="`, ""],
    [`name="image"; filename`, undefined],
    ["name=image", undefined],
  ])("%s", (parameters, expected) => {
    expect(fileName(parameters)).toBe(expected);
    if (!parameters.startsWith("filename")) {
      expect(parseDisposition(`form-data; ${parameters}`).name).toBe("image");
    }
  });

  it("is read back as a library that quotes wrote it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        fc.pre(!/%0d|%0a|%22|[\r\n]/i.test(name));
        const quoted = name.replace(/["\\]/g, "\\$&");
        expect(fileName(`name="image"; filename="${quoted}"`)).toBe(name);
        expect(fileName(`filename*=UTF-8''${encodeURIComponent(name)}`)).toBe(name);
      }),
    );
  });

  it("is read whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(typeof parseDisposition(text).type).toBe("string");
      }),
    );
  });
});
