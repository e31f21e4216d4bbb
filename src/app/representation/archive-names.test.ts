import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { archiveNames } from "./archive-names.ts";

const namesOf = (ids: string[], suffix = "png") => [
  ...archiveNames(
    ids.map((id) => ({ id, sha256: "" })),
    suffix,
  ).values(),
];

describe("names in an archive", () => {
  it("are the photographs', with the end of what is in them", () => {
    expect(namesOf(["a cat.jpg", "IMG_0001.HEIC", "a.b.png", "猫.webp"], "rle.json")).toEqual([
      "a cat.rle.json",
      "IMG_0001.rle.json",
      "a.b.rle.json",
      "猫.rle.json",
    ]);
  });

  it("are numbered where they are repeated, also to who ignores case", () => {
    expect(namesOf(["a.jpg", "A.png", "a", "3-a_", "a_", "A-2"])).toEqual([
      ...["a.png", "A-2.png", "a-3.png", "3-a_.png", "a_.png", "A-2-2.png"],
    ]);
    expect(namesOf(["stra\u00dfe", "STRASSE", "e\u0301", "\u00e9"])).toEqual([
      ...["straße.png", "STRASSE-2.png", "é.png", "é-2.png"],
    ]);
  });

  it.each([
    ["CON", "CON_.png"],
    ["nul.jpg", "nul_.png"],
    ["com1.tar.jpg", "com1_.tar.png"],
    ["LPT¹", "LPT¹_.png"],
    ["aux .x", "aux_ .x.png"],
    ["console", "console.png"],
    ["..", "_.png"],
    [".hidden.jpg", "_hidden.png"],
    ["a. ", "a_.png"],
    ["../../etc/passwd", "__.._etc_passwd.png"],
    [String.raw`C:\fakepath\cat.jpg`, "C__fakepath_cat.png"],
    ["a\u2028b\u0000c\u202ed", "a_b_c_d.png"],
    ["\ud800", "_.png"],
    [".jpg", "image.png"],
    ["", "image.png"],
  ])("of %j are such that every file system takes them", (id, name) => {
    expect(namesOf([id])).toEqual([name]);
  });

  it("are distinct, short and plain whatever the ids are", () => {
    const id = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 400 }),
      fc.string({ unit: "binary" }),
      fc.constantFrom("a", "A", "a-2", "a-2.png", "nul", "NUL-2", "x".repeat(300)),
    );
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 64 }), (ids) => {
        const names = namesOf(ids);
        expect(names.length).toBe(ids.length);
        expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(ids.length);
        for (const name of names) {
          expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(255);
          expect(name).not.toMatch(
            /[/\\:*?"<>|\p{Cc}\p{Cs}]|^\.|^(con|nul|aux|prn|com\d|lpt\d)\./iu,
          );
        }
      }),
    );
  });
});
