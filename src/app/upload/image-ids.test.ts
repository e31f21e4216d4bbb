import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uniqueIds } from "./image-ids.ts";

const names = fc.array(
  fc.option(fc.constantFrom("a.jpg", "a-2.jpg", "a-3.jpg", "b", "b-2", ".jpg", ""), {
    nil: undefined,
  }),
  { maxLength: 64 },
);

describe("image ids", () => {
  it("number what is repeated, before the extension", () => {
    expect(uniqueIds(["cat.jpg", "cat.jpg", "dog.jpg", "cat.jpg"])).toEqual([
      "cat.jpg",
      "cat-2.jpg",
      "dog.jpg",
      "cat-3.jpg",
    ]);
  });

  it("pass over names that were sent themselves", () => {
    expect(uniqueIds(["a.jpg", "a.jpg", "a-2.jpg"])).toEqual(["a.jpg", "a-3.jpg", "a-2.jpg"]);
  });

  it("call a photograph without a name `image`", () => {
    expect(uniqueIds([undefined, "", "image"])).toEqual(["image", "image-2", "image-3"]);
  });

  it("are unique, and the name itself wherever that name comes first", () => {
    fc.assert(
      fc.property(names, (sent) => {
        const ids = uniqueIds(sent);
        expect(ids.length).toBe(sent.length);
        expect(new Set(ids).size).toBe(ids.length);
        const wanted = sent.map((name) => name || "image");
        wanted.forEach((name, i) => {
          if (wanted.indexOf(name) === i) expect(ids[i]).toBe(name);
        });
      }),
    );
  });
});
