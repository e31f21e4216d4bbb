import fc from "fast-check";
import { expect, it } from "vitest";
import { withStems } from "./names.ts";

const stems = (...names: string[]) =>
  withStems(names.map((name) => ({ name, path: `/photos/${name}` }))).map(({ stem }) => stem);

it("names files after photographs, and tells apart what would be the same", () => {
  expect(stems("a.jpg", "b.png")).toEqual(["a", "b"]);
  expect(stems("a.jpg", "a.png", "b.jpg")).toEqual(["a.jpg", "a.png", "b"]);
  expect(stems("A.jpg", "a.jpg")).toEqual(["A.jpg", "a.jpg-2"]);
  expect(stems("one/a.jpg", "two/a.jpg")).toEqual(["a.jpg", "a.jpg-2"]);
  expect(stems("a.b.jpe", 'a "bin" & ü.jpg')).toEqual(["a.b", 'a "bin" & ü']);
});

it("never gives one name twice, whatever the file system makes of capitals", () => {
  const name = fc.stringMatching(/^[aAbé.-]{1,4}$/).map((text) => `${text}.jpg`);
  fc.assert(
    fc.property(fc.array(name), (names) => {
      const folded = stems(...names).map((stem) => stem.normalize("NFC").toLowerCase());
      expect(new Set(folded).size).toBe(names.length);
    }),
  );
});
