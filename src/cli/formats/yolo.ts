import { copyFile, mkdir, rm, symlink } from "node:fs/promises";
import { extname, join } from "node:path";
import { yoloData, yoloLabels } from "../../annotations/index.ts";
import { writeWhole } from "../output/whole-file.ts";
import type { Format, WholeSet } from "./format.ts";

/**
 * A data set for YOLO segmentation: `yolo/labels/NAME.txt` with a line `0 x y x y ...` (shares of the
 * photograph's sides) for each part of the object, `yolo/images` with the photographs, and
 * `yolo/data.yaml` (https://docs.ultralytics.com/datasets/segment/).
 */
export const yolo: Format = { annotation: "polygons", write: writeYolo };

async function writeYolo({ folder, label, masks }: WholeSet): Promise<void> {
  const root = join(folder, "yolo");
  await mkdir(join(root, "images"), { recursive: true });
  for await (const mask of masks()) {
    const { stem, name, path } = mask.photograph;
    writeWhole(join(root, "labels", `${stem}.txt`), yoloLabels(mask.entry));
    await link(path, join(root, "images", `${stem}${extname(name)}`));
  }
  writeWhole(join(root, "data.yaml"), yoloData(label));
}

/** The reader looks for labels beside `images`, so the photographs have to be there as well. */
async function link(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  // Windows lets few users make links.
  await symlink(from, to).catch(() => copyFile(from, to));
}
