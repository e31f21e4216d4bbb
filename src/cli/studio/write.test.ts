import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { StudioTask } from "../engine/task.ts";
import type { FinishedMask } from "../formats/format.ts";
import { writeWhole } from "../output/whole-file.ts";
import { readStudio, type StudioArguments } from "./settings.ts";
import { studioNotes, writeStudio } from "./write.ts";

const folder = await mkdtemp(join(tmpdir(), "cosal-studio-"));
afterAll(() => rm(folder, { recursive: true }));

const mask = (
  stem: string,
  object: FinishedMask["entry"]["object"],
  presence = 1,
): FinishedMask => ({
  photograph: { name: `${stem}.jpg`, path: `/photos/${stem}.jpg`, stem },
  entry: {
    ...{ photograph: `${stem}.jpg`, width: 400, height: 300, coverage: 0.1, box: null },
    ...{ object, presence, files: {}, bytes: 1, modified: 1 },
  },
});

const MASKS = [
  mask("tall", [0, 0, 50, 300]),
  mask("flat", [0, 0, 200, 20]),
  mask("empty", null),
  mask("absent", [0, 0, 9, 9], 0.1),
];

/** Runs with a source that writes a file's name into it. */
async function run(args: StudioArguments, present = 0.5) {
  const tasks: StudioTask[] = [];
  const result = await writeStudio({
    ...{ folder, present, settings: await readStudio(args), signal: new AbortController().signal },
    masks: async function* () {
      yield* MASKS;
    },
    source: {
      width: 2,
      async studio({ name }, task) {
        tasks.push(task);
        writeWhole(task.path, name);
      },
    },
    onPicture() {},
  });
  return { result, tasks };
}

it("makes a picture of each object to the set's scale, and tells what it leaves out", async () => {
  const { result, tasks } = await run({ canvas: "1200x1200" });
  expect([...result.pictures]).toEqual([
    ["tall.jpg", "studio/tall.png"],
    ["flat.jpg", "studio/flat.png"],
  ]);
  expect(tasks.map(({ extent }) => extent)).toEqual(
    Array(2).fill({ width: 0.5, height: 0.75, pixels: 400 }),
  );
  const notes = [...studioNotes(result)].join("\n");
  expect(notes).toMatch(/No studio picture of empty\.jpg, absent\.jpg/);
  expect(notes).toMatch(/enlarged 2 times at most.*tall\.jpg \(50 x 300 pixels\) and 1 more/);
});

it("makes only what is missing, or looks otherwise now", async () => {
  const made = async (args: StudioArguments) => (await run(args)).tasks.length;
  const look = { canvas: "200x200", scale: "each" } as const;
  expect(await made(look)).toBe(2);
  expect(await made(look)).toBe(0);
  await rm(join(folder, "studio", "flat.png"));
  expect(await made(look)).toBe(1);
  expect(await made({ ...look, margin: "9%" })).toBe(2);
  expect(await made({ ...look, background: "fff" })).toBe(2);
  // The mask was made again.
  writeWhole(join(folder, "studio", ".logits", "tall.logits"), "");
  const later = new Date(Date.now() + 10_000);
  await utimes(join(folder, "studio", ".logits", "tall.logits"), later, later);
  expect(await made({ ...look, background: "fff" })).toBe(1);
});

it.each([
  [{ canvas: "1200" }, /--canvas 1200x1200, sides of 16 to 4096 pixels/],
  [{ canvas: "1200x9000" }, /--canvas/],
  [{ margin: "8" }, /--margin 8%/],
  [{ margin: "50%" }, /less than 50%/],
  [{ background: "beige" }, /--background '#ffffff', transparent, or a picture file/],
])("says what to type instead of %o", async (args, message) => {
  await expect(readStudio(args)).rejects.toThrow(message);
});
