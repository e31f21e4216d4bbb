import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeGreyPng } from "../codec/index.ts";
import { type MarkArguments, readMarks } from "./marks.ts";
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

  /** @returns the mask's file, and what is typed for it */
  async function drawnMask() {
    const mask = await encodeGreyPng(8, 8, Array(8).fill(new Uint8Array(8)));
    const path = join(folder, "m=1.png");
    await writeFile(path, mask);
    return { mask, typed: `d.jpg=${path}` };
  }

  it("name a photograph and a point, a box or a mask", async () => {
    const { mask, typed } = await drawnMask();
    const marks = await readMarks(
      { seed: ["a:b=c.jpg:1,2"], box: ["/x/d.jpg:1,2,3,4"], seedMask: [typed] },
      photographs,
    );
    expect(marks).toEqual([
      { photograph: photographs[0], point: [1, 2] },
      { photograph: photographs[1], box: [1, 2, 3, 4] },
      { photograph: photographs[1], mask },
    ]);
  });

  it("of what is not meant have any of these forms", async () => {
    const { mask, typed } = await drawnMask();
    const not = ["a:b=c.jpg:1,2", "d.jpg:1,2,3,4", typed];
    const [photograph, other] = photographs;
    expect(await readMarks({ not, seed: ["d.jpg:5,6"] }, photographs)).toEqual([
      { photograph: other, point: [5, 6] },
      { photograph, negative: true, point: [1, 2] },
      { photograph: other, negative: true, box: [1, 2, 3, 4] },
      { photograph: other, negative: true, mask },
    ]);
    await expect(readMarks({ not: ["d.jpg:1,2,3"] }, photographs)).rejects.toThrow(
      "WIDTH,HEIGHT or",
    );
  });

  it("say what was expected", async () => {
    const refused = (marks: MarkArguments) => expect(readMarks(marks, photographs)).rejects;
    for (const seed of ["d.jpg", "d.jpg:1", "d.jpg:1,2,3", "d.jpg:a,b", ":1,2"]) {
      await refused({ seed: [seed] }).toThrow("photo.jpg:X,Y");
    }
    await refused({ seed: ["e.jpg:1,2"] }).toThrow("e.jpg");
    await refused({ seedMask: ["d.jpg"] }).toThrow("photo.jpg=mask.png");
    await refused({ seedMask: ["d.jpg=none.png"] }).toThrow("There is no file none.png");
  });
});
