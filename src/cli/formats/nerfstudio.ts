import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { writeWhole } from "../output/whole-file.ts";
import { UsageError } from "../usage-error.ts";
import type { Format, WholeSet } from "./format.ts";

/**
 * `nerfstudio/masks/NAME.png`, black where nothing is to be learnt. Where a `transforms.json` lies
 * beside the photographs or a folder above, `nerfstudio/transforms.json` is that file with a
 * `mask_path` for each frame (https://docs.nerf.studio/quickstart/data_conventions.html#masks). Nerfstudio takes pixels
 * as the file has them, whatever its orientation says, and so are the masks.
 */
export const nerfstudio: Format = {
  file: { form: "stored", name: ({ stem }) => `nerfstudio/masks/${stem}.png` },
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
  const transforms = parsed(found);
  for (const frame of transforms.frames ?? []) {
    const stem = stems.get(basename(frame.file_path));
    frame.file_path = paths(join(found.folder, frame.file_path));
    if (stem !== undefined) frame.mask_path = `masks/${stem}.png`;
  }
  writeWhole(join(root, "transforms.json"), `${JSON.stringify(transforms, null, 2)}\n`);
}

function parsed({ folder, text }: { folder: string; text: string }): { frames?: Frame[] } {
  try {
    return JSON.parse(text);
  } catch (error) {
    const path = join(folder, "transforms.json");
    throw new UsageError(`${path} is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}

async function transformsNear(folder: string) {
  for (const place of [folder, dirname(folder)]) {
    const text = await readFile(join(place, "transforms.json"), "utf8").catch(() => undefined);
    if (text !== undefined) return { folder: place, text };
  }
  return undefined;
}
