import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { writeWhole } from "../output/whole-file.ts";
import type { Format, WholeSet } from "./format.ts";

/**
 * `nerfstudio/masks/NAME.png`, black where nothing is to be learnt. Where a `transforms.json` lies
 * beside the photographs or a folder above, `nerfstudio/transforms.json` is that file with a
 * `mask_path` for each frame (https://docs.nerf.studio/quickstart/data_conventions.html#masks).
 */
export const nerfstudio: Format = {
  file: { form: "binary", name: ({ stem }) => `nerfstudio/masks/${stem}.png` },
  write: writeTransforms,
};

interface Frame {
  file_path: string;
  mask_path?: string;
}

async function writeTransforms({ folder, masks }: WholeSet): Promise<void> {
  const stems = new Map<string, string>();
  let source: string | undefined;
  for await (const { photograph } of masks()) {
    source ??= photograph.path;
    stems.set(basename(photograph.name), photograph.stem);
  }
  if (source === undefined) return;
  const found = await transformsNear(dirname(source));
  if (found === undefined) return;
  const root = join(folder, "nerfstudio");
  const paths = (from: string) => relative(root, from).split(sep).join("/");
  const transforms = JSON.parse(found.text) as { frames?: Frame[] };
  for (const frame of transforms.frames ?? []) {
    const stem = stems.get(basename(frame.file_path));
    frame.file_path = paths(join(found.folder, frame.file_path));
    if (stem !== undefined) frame.mask_path = `masks/${stem}.png`;
  }
  await writeWhole(join(root, "transforms.json"), `${JSON.stringify(transforms, null, 2)}\n`);
}

async function transformsNear(folder: string) {
  for (const place of [folder, dirname(folder)]) {
    const text = await readFile(join(place, "transforms.json"), "utf8").catch(() => undefined);
    if (text !== undefined) return { folder: place, text };
  }
  return undefined;
}
