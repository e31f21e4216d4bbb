import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readMarks } from "./marks.ts";
import { withStems } from "./output/names.ts";
import { readSets } from "./sets.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cosal-sets-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), name);
  }
}

const found = async (paths: string[], recursive = false) => {
  const sets = await readSets(
    paths.map((path) => join(folder, path)),
    { recursive },
  );
  return Object.fromEntries(
    sets.map((set) => [
      set.folder.replace(basename(folder), "ROOT").replaceAll("\\", "/"),
      set.photographs.map(({ name }) => name),
    ]),
  );
};

describe("sets", () => {
  it("are folders, or files that are given together", async () => {
    await put("b.JPG", "a.png", "notes.txt", ".hidden.jpg", "more/c.jpg", "other/c.jpg");
    expect(await found([""])).toEqual({ "": ["a.png", "b.JPG"] });
    expect(await found(["a.png", "more/c.jpg"])).toEqual({ "": ["a.png", "c.jpg"] });
    expect(await found(["more", "other", "a.png"])).toEqual({
      files: ["a.png"],
      more: ["c.jpg"],
      other: ["c.jpg"],
    });
  });

  it("are found in every folder below, and told apart where folders have one name", async () => {
    await put("a.jpg", "dogs/b.jpg", "dogs/small/c.webp", "texts/d.txt", "x/dogs/e.jpg");
    expect(await found([""], true)).toEqual({
      ROOT: ["a.jpg"],
      "ROOT/dogs": ["b.jpg"],
      "ROOT/dogs/small": ["c.webp"],
      "ROOT/x/dogs": ["e.jpg"],
    });
    expect(await found(["dogs", "x/dogs"])).toEqual({ dogs: ["b.jpg"], "dogs-2": ["e.jpg"] });
  });

  it("keep files apart that have one name", async () => {
    await put("one/a.jpg", "two/a.jpg");
    const [names] = Object.values(await found(["one/a.jpg", "two/a.jpg"]));
    expect(new Set(names).size).toBe(2);
  });

  it("may not be missing or empty", async () => {
    await expect(found(["none"])).rejects.toThrow("There is no file or folder");
    await put("notes.txt", "below/a.jpg");
    await expect(found(["notes.txt/.."])).rejects.toThrow("add --recursive");
    await rm(join(folder, "below"), { recursive: true });
    await expect(found([""], true)).rejects.toThrow("has no photographs");
  });
});

describe("marks", () => {
  const photographs = withStems([
    { name: "a:b=c.jpg", path: "/x/a:b=c.jpg" },
    { name: "d.jpg", path: "/x/d.jpg" },
  ]);

  it("name a photograph and a point, a box or a mask", () => {
    const [point, box, mask] = readMarks(
      { seed: ["a:b=c.jpg:1,2"], box: ["/x/d.jpg:1,2,3,4"], seedMask: ["d.jpg=m=1.png"] },
      photographs,
    );
    expect(point).toEqual({ photograph: photographs[0], point: [1, 2] });
    expect(box).toEqual({ photograph: photographs[1], box: [1, 2, 3, 4] });
    expect(mask).toEqual({ photograph: photographs[1], maskPath: "m=1.png" });
  });

  it("of what is not meant have any of these forms", () => {
    const not = ["a:b=c.jpg:1,2", "d.jpg:1,2,3,4", "d.jpg=m.png"];
    const [photograph, other] = photographs;
    expect(readMarks({ not, seed: ["d.jpg:5,6"] }, photographs)).toEqual([
      { photograph: other, point: [5, 6] },
      { photograph, negative: true, point: [1, 2] },
      { photograph: other, negative: true, box: [1, 2, 3, 4] },
      { photograph: other, negative: true, maskPath: "m.png" },
    ]);
    expect(() => readMarks({ not: ["d.jpg:1,2,3"] }, photographs)).toThrow("WIDTH,HEIGHT or");
  });

  it("say what was expected", () => {
    for (const seed of ["d.jpg", "d.jpg:1", "d.jpg:1,2,3", "d.jpg:a,b", ":1,2"]) {
      expect(() => readMarks({ seed: [seed] }, photographs), seed).toThrow("photo.jpg:X,Y");
    }
    expect(() => readMarks({ seed: ["e.jpg:1,2"] }, photographs)).toThrow("e.jpg");
    expect(() => readMarks({ seedMask: ["d.jpg"] }, photographs)).toThrow("photo.jpg=mask.png");
  });
});
