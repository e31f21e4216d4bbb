import { readFile } from "node:fs/promises";
import {
  type Backdrop,
  type Decoder,
  decodeLogits,
  fittedBackdrop,
  studio,
} from "../../codec/index.ts";
import type { ImageTask, StudioTask } from "../engine/task.ts";
import { writeWhole } from "../output/whole-file.ts";
import type { StudioSettings } from "./settings.ts";

/** The last background, since all pictures of a set have the same. */
let last: { readonly path: string; readonly backdrop: Backdrop } | undefined;

/** Makes one picture of a studio set. Called in a thread. */
export async function writeStudioPicture(
  image: ImageTask,
  { logits, path, settings, extent }: StudioTask,
  decoder: Decoder,
): Promise<void> {
  const record = await decodeLogits(await readFile(logits));
  const backdrop = await backdropOf(settings, decoder);
  const pixels = await decoder.decode(new Uint8Array(await readFile(image.path)));
  writeWhole(path, await studio(pixels, record, { ...settings, extent, backdrop }));
}

async function backdropOf(
  { background, canvas }: StudioSettings,
  decoder: Decoder,
): Promise<Backdrop | undefined> {
  if (background === undefined || !("path" in background)) return background;
  const { path } = background;
  if (last?.path !== path) {
    const pixels = await decoder.decode(new Uint8Array(await readFile(path)));
    last = { path, backdrop: fittedBackdrop(pixels, canvas) };
  }
  return last.backdrop;
}
