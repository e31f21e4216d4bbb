import { CosalError } from "../../../errors.ts";
import { type Box, measureMask } from "../../mask.ts";
import { cropped } from "../../pixel-rows.ts";
import { reducedRows } from "../../resample.ts";
import type { Pixels } from "../../types.ts";
import type { CompositeOptions } from "../composite.ts";
import { encodePicture } from "../encode-picture.ts";
import { type Foreground, foregroundOf } from "../foreground/foreground.ts";
import { guidedMaskRows } from "../guided.ts";
import { prepared } from "../options.ts";
import { type PausableWork, paced, runInPieces } from "../paced.ts";
import type { MaskRecord } from "../record.ts";
import { type Backdrop, backdropRows } from "./backdrop.ts";
import { type Extent, type Layout, type Placement, place } from "./layout.ts";
import { objectMask } from "./object-mask.ts";
import { contactShadow, type Shadow } from "./shadow.ts";

export interface StudioOptions extends CompositeOptions, Layout {
  /** Of the set, whose objects keep their sizes to each other; without it each fills its canvas. */
  readonly extent?: Extent | undefined;
  readonly backdrop?: Backdrop | undefined;
  readonly shadow?: boolean;
}

/**
 * The soft edge is made steeper and drawn inwards a little: on another background a rim of the old one
 * is seen at once, and one that lacks to the object is not.
 */
const STEEPNESS = 3;
const MIDDLE = 0.6;
/** Logits around the box of the object that its soft edge reaches at most. */
const FRINGE = 3;

/**
 * The object on a canvas of its own, in colours that are free of its old background, as PNG or WebP.
 * Without a backdrop the canvas is transparent. Colours stay in the photograph's own space, and its
 * profile is kept: a backdrop's are values of that space.
 *
 * @param pixels the upright photograph, which may be a reduced one
 *
 * @throws CosalError object_missing where nothing is found in the photograph; image_too_many_pixels,
 * from the WebP encoder
 */
export async function studio(
  pixels: Pixels,
  record: MaskRecord,
  options: StudioOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { canvas, backdrop, extent, pause } = options;
  const { width, height } = record;
  const logits = objectMask(prepared(record, options).logits);
  const { box } = measureMask(logits, width, height);
  if (box === null) throw new CosalError("object_missing", "No object is found in the photograph.");
  const placed = place({ width, height, box }, options, extent);
  const masks = steepRows(await guidedMaskRows(logits, pixels, pause), pixels.width);
  const foreground = await foregroundOf(pixels, masks, pause, { steepness: 1 });
  const object = objectRows(pixels, record, box, foreground, placed);
  const shadow = options.shadow
    ? await shadowOf(pixels, record, box, foreground, placed, options)
    : undefined;
  // A row of a small canvas is made of many pixels of a large photograph.
  const sourcePixels = pixels.width * (object.sourceRows / object.height);
  const rows = paced(
    composed(object, backdropRows(backdrop, canvas), canvas.width, shadow),
    // Mixed twice: freed of the old background, and laid on the new one.
    3 * Math.max(canvas.width, sourcePixels),
    pause,
  );
  const { profile } = pixels;
  return encodePicture({ ...canvas, ...(profile && { profile }) }, "rgba", options.webp, rows);
}

function* steepRows(masks: Iterable<Uint8Array>, width: number): Generator<Uint8Array> {
  const curve = Uint8ClampedArray.from(
    { length: 256 },
    (_, value) => 255 * (STEEPNESS * (value / 255 - MIDDLE) + 0.5),
  );
  const row = new Uint8Array(width);
  for (const mask of masks) {
    for (let x = 0; x < width; x++) row[x] = curve[mask[x] as number] as number;
    yield row;
  }
}

/** The object as it is to be seen, and where on the canvas. */
interface PlacedRows {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly rows: Iterable<Uint8Array>;
  /** Of the photograph, that all of them are made of. */
  readonly sourceRows: number;
}

/** The part of the photograph that has the object and its soft edge, of the size that it is to have. */
function objectRows(
  pixels: Pixels,
  { width, height, logits }: MaskRecord,
  [left, top, across, down]: Box,
  foreground: Foreground,
  placed: Placement,
): PlacedRows {
  const [stepX, stepY] = [pixels.width / width, pixels.height / height];
  const fringe = FRINGE * Math.max(width / logits.width, height / logits.height);
  const x = Math.max(0, Math.floor((left - fringe) * stepX));
  const y = Math.max(0, Math.floor((top - fringe) * stepY));
  const seen = {
    ...{ x, y },
    width: Math.min(pixels.width, Math.ceil((left + across + fringe) * stepX)) - x,
    height: Math.min(pixels.height, Math.ceil((top + down + fringe) * stepY)) - y,
  };
  const [scaleX, scaleY] = [placed.scale / stepX, placed.scale / stepY];
  const size = {
    width: Math.max(1, Math.round(seen.width * scaleX)),
    height: Math.max(1, Math.round(seen.height * scaleY)),
  };
  const below = { width: pixels.width, height: pixels.height - y, rows: foreground.rows(y) };
  return {
    x: placed.x + Math.round((x - left * stepX) * scaleX),
    y: placed.y + Math.round((y - top * stepY) * scaleY),
    ...size,
    rows: reducedRows(cropped(below, { ...seen, y: 0 }), size.width, size.height).rows,
    sourceRows: seen.height,
  };
}

/** The shadow of the object's lowest points. */
async function shadowOf(
  pixels: Pixels,
  record: MaskRecord,
  box: Box,
  { alpha }: Foreground,
  placed: Placement,
  { canvas, pause }: StudioOptions,
): Promise<Shadow> {
  const lowest = await runInPieces(lowestPoints(pixels, record, box, alpha, placed), pause);
  return contactShadow(lowest, placed, canvas);
}

/** Of each column of the placed object the lowest row, counted from its top; -1 where there is none. */
function* lowestPoints(
  pixels: Pixels,
  { width, height }: MaskRecord,
  [left, top]: Box,
  alpha: Uint8Array,
  placed: Placement,
): PausableWork<Int32Array> {
  const [stepX, stepY] = [pixels.width / width, pixels.height / height];
  const lowest = new Int32Array(placed.width);
  for (let column = 0; column < placed.width; column++) {
    const x = Math.floor((left + (column + 0.5) / placed.scale) * stepX);
    let row = placed.height - 1;
    for (; row >= 0; row--) {
      const y = Math.floor((top + (row + 0.5) / placed.scale) * stepY);
      if ((alpha[Math.min(y, pixels.height - 1) * pixels.width + x] as number) > 127) break;
    }
    lowest[column] = row;
    yield (placed.height - row) / 4;
  }
  return lowest;
}

/** Backdrop, shadow and object on top of each other. */
function* composed(
  object: PlacedRows,
  backdrop: Iterable<Uint8Array>,
  width: number,
  shadow: Shadow | undefined,
): Generator<Uint8Array> {
  const row = new Uint8ClampedArray(4 * width);
  const bytes = new Uint8Array(row.buffer);
  const rows = object.rows[Symbol.iterator]();
  for (let skipped = object.y; skipped < 0; skipped++) rows.next();
  const from = Math.max(0, object.x);
  const to = Math.min(width, object.x + object.width);
  let y = 0;
  for (const behind of backdrop) {
    row.set(behind);
    const darkness = shadow?.row(y);
    if (darkness) for (let x = 0; x < width; x++) lay(row, 4 * x, 0, 0, 0, darkness[x] as number);
    if (y >= object.y && y < object.y + object.height) {
      const { value } = rows.next();
      for (let x = from; x < to; x++) {
        const i = 4 * (x - object.x);
        lay(row, 4 * x, value[i], value[i + 1], value[i + 2], value[i + 3] / 255);
      }
    }
    y++;
    yield bytes;
  }
}

/** A colour over a pixel (Porter and Duff), alpha not premultiplied. */
function lay(
  row: Uint8ClampedArray,
  at: number,
  red: number,
  green: number,
  blue: number,
  alpha: number,
): void {
  if (alpha <= 0) return;
  const under = ((row[at + 3] as number) / 255) * (1 - alpha);
  const sum = alpha + under;
  row[at] = (red * alpha + (row[at] as number) * under) / sum;
  row[at + 1] = (green * alpha + (row[at + 1] as number) * under) / sum;
  row[at + 2] = (blue * alpha + (row[at + 2] as number) * under) / sum;
  row[at + 3] = 255 * sum;
}
