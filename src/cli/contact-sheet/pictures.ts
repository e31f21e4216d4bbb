import { readFile } from "node:fs/promises";
import encodePng, { init as initPng } from "@jsquash/png/encode.js";
import { nodeDecoder } from "../../codec/node.ts";

/** A small picture: RGBA, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** The object is shown in this colour over the darkened rest of the photograph. */
export const TINT = [255, 45, 120] as const;
const TINT_SHARE = 0.5;
const REST_LIGHT = 0.45;

const decoder = nodeDecoder();

/** A picture of an image file, upright and fitted into a square of `side` pixels. */
export async function thumbnail(bytes: Uint8Array, side: number): Promise<Picture> {
  const header = decoder.inspect(bytes);
  const scale = side / Math.max(header.width, header.height);
  const width = Math.max(1, Math.round(header.width * scale));
  const height = Math.max(1, Math.round(header.height * scale));
  const planes = await decoder.sample(bytes, { width, height, mean: [0, 0, 0], std: [1, 1, 1] });
  const picture = blank(width, height);
  const plane = width * height;
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < 3; channel++) {
      picture.data[4 * i + channel] = planes[channel * plane + i]! * 255;
    }
  }
  return picture;
}

/** The photograph with the object tinted and the rest darkened; `mask` has the photograph's size. */
export function overlay(photograph: Picture, mask: Picture): Picture {
  const { width, height } = photograph;
  const picture = blank(width, height);
  for (let i = 0; i < width * height; i++) {
    const share = mask.data[4 * i]! / 255;
    for (let channel = 0; channel < 3; channel++) {
      const light = photograph.data[4 * i + channel]!;
      const object = light + (TINT[channel]! - light) * TINT_SHARE;
      picture.data[4 * i + channel] = share * object + (1 - share) * REST_LIGHT * light;
    }
  }
  return picture;
}

/** A white picture, opaque. */
export function blank(width: number, height: number): Picture {
  return { width, height, data: new Uint8ClampedArray(width * height * 4).fill(255) };
}

/** Draws `picture` into `canvas`, its top left corner at `x`, `y`. */
export function draw(canvas: Picture, picture: Picture, x: number, y: number): void {
  for (let row = 0; row < picture.height; row++) {
    const line = picture.data.subarray(4 * row * picture.width, 4 * (row + 1) * picture.width);
    canvas.data.set(line, 4 * ((y + row) * canvas.width + x));
  }
}

let encoder: Promise<unknown> | undefined;

export async function toPng({ width, height, data }: Picture): Promise<Uint8Array> {
  encoder ??= startEncoder();
  await encoder;
  return new Uint8Array(await encodePng({ width, height, data, colorSpace: "srgb" }));
}

async function startEncoder(): Promise<void> {
  const file = new URL(import.meta.resolve("@jsquash/png/codec/pkg/squoosh_png_bg.wasm"));
  await initPng(await WebAssembly.compile(await readFile(file)));
}
