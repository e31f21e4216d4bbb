import { type Logits, maskRows } from "../../codec/index.ts";
import type { LikenessMap } from "../../engine/index.ts";
import { heat } from "./heat.ts";

/** The tint of the API's overlays, a red that few photographs contain. */
const TINT = [255, 0, 96] as const;
/** Opacity of the object's tint, and of its outline. */
const FILL = 0.34 * 255;
const LINE = 0.95 * 255;

type Context = CanvasRenderingContext2D;

/** The soft mask, 0..255, row by row. */
function levels(logits: Logits, width: number, height: number): Uint8Array {
  const mask = new Uint8Array(width * height);
  let offset = 0;
  for (const row of maskRows(logits, width, height)) {
    mask.set(row, offset);
    offset += width;
  }
  return mask;
}

/** The object tinted, with an outline. The rest is transparent. */
export function paintOverlay(context: Context, logits: Logits): void {
  const { width, height } = context.canvas;
  const mask = levels(logits, width, height);
  const picture = context.createImageData(width, height);
  const { data } = picture;
  for (let i = 0; i < mask.length; i++) {
    const value = mask[i] as number;
    data[4 * i] = TINT[0];
    data[4 * i + 1] = TINT[1];
    data[4 * i + 2] = TINT[2];
    data[4 * i + 3] = isEdge(mask, i, width) ? LINE : (FILL * value) / 255;
  }
  context.putImageData(picture, 0, 0);
}

/** Whether the edge of the mask is between a pixel and one of its neighbours. */
function isEdge(mask: Uint8Array, i: number, width: number): boolean {
  if ((mask[i] as number) < 128) return false;
  const x = i % width;
  return (
    (x > 0 && (mask[i - 1] as number) < 128) ||
    (x + 1 < width && (mask[i + 1] as number) < 128) ||
    (mask[i - width] ?? 255) < 128 ||
    (mask[i + width] ?? 255) < 128
  );
}

/** The object white, the rest black. */
export function paintMask(context: Context, logits: Logits): void {
  const { width, height } = context.canvas;
  const mask = levels(logits, width, height);
  const picture = context.createImageData(width, height);
  const words = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < mask.length; i++) words[i] = 0xff000000 | ((mask[i] as number) * 0x010101);
  context.putImageData(picture, 0, 0);
}

/** The object's pixels of the photograph. The rest is transparent. */
export function paintCutout(context: Context, logits: Logits, photograph: CanvasImageSource): void {
  const { width, height } = context.canvas;
  const mask = levels(logits, width, height);
  const picture = context.createImageData(width, height);
  for (let i = 0; i < mask.length; i++) picture.data[4 * i + 3] = mask[i] as number;
  context.putImageData(picture, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.drawImage(photograph, 0, 0, width, height);
  context.globalCompositeOperation = "source-over";
}

/** Similarity of each place to what the group has in common, from dark to bright. */
export function paintHeat(context: Context, likeness: LikenessMap): void {
  const { width, height } = likeness;
  const picture = new ImageData(width, height);
  for (const [i, value] of likeness.data.entries()) {
    picture.data.set(heat(Math.max(0, value)), 4 * i);
  }
  const small = new OffscreenCanvas(width, height);
  small.getContext("2d")?.putImageData(picture, 0, 0);
  context.imageSmoothingQuality = "high";
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.drawImage(small, 0, 0, context.canvas.width, context.canvas.height);
}
