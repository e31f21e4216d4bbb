import { readFile } from "node:fs/promises";
import encodeJpeg, { init as initJpeg } from "@jsquash/jpeg/encode.js";
import { nodeDecoder } from "../src/codec/node.ts";
import { toTensor } from "../src/codec/resample.ts";
import type { Pixels } from "../src/codec/types.ts";

const EXAMPLES = new URL("../examples/", import.meta.url);

/**
 * A photograph of examples/ enlarged to that size, with grain, as a JPEG of about 0.25 byte per
 * pixel: it decodes as a photograph of its size does, and its mask is one of an object.
 *
 * @param example e.g. "cats/on-a-rock.jpg"
 * @param grain grey levels from the darkest to the brightest grain; with 56 a file of 12 megapixels
 * has 4 MB, as a phone's has
 * @param quality of the JPEG, up to 100
 * @param seed of the grain, other than 0: each gives another photograph
 */
export async function enlargedExample(
  example: string,
  width: number,
  height: number,
  grain = GRAIN,
  quality = QUALITY,
  seed = 1,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = new Uint8Array(await readFile(new URL(example, EXAMPLES)));
  return jpegOf(await nodeDecoder().decode(file), width, height, { grain, quality, seed });
}

/** A picture resized, with grain, as a JPEG. */
export async function jpegOf(
  picture: Pixels,
  width: number,
  height: number,
  { grain = GRAIN, quality = QUALITY, seed = 1 } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const unit = 1 / 255;
  const planes = toTensor(picture, {
    ...{ width, height, mean: [0, 0, 0], std: [unit, unit, unit] },
  });
  const pixels = width * height;
  const data = new Uint8ClampedArray(4 * pixels);
  for (let pixel = 0, random = seed; pixel < pixels; pixel++) {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    const shift = grain * (random / 2 ** 32 - 0.5);
    for (let channel = 0; channel < 3; channel++) {
      data[4 * pixel + channel] = (planes[channel * pixels + pixel] as number) + shift;
    }
    data[4 * pixel + 3] = 255;
  }
  return toJpeg(data, width, height, quality);
}

const GRAIN = 14;
const QUALITY = 88;

/** A JPEG of that size with the detail of a photograph: about 0.25 byte per pixel. */
export async function syntheticPhotograph(
  width: number,
  height: number,
  seed: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8ClampedArray(4 * width * height);
  const waves = Array.from({ length: 24 }, (_, i) => ({
    x: (Math.sin(seed * 12.9898 + i * 78.233) * 43758.5453) % 0.2,
    y: (Math.sin(seed * 39.3468 + i * 11.135) * 24634.6345) % 0.2,
    strength: 60 / (1 + i),
  }));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      let value = 128;
      for (const wave of waves) value += wave.strength * Math.sin(x * wave.x + y * wave.y);
      data.set([value, 0.8 * value + 20, 255 - value, 255], at);
    }
  }
  return toJpeg(data, width, height);
}

async function toJpeg(
  data: Uint8ClampedArray,
  width: number,
  height: number,
  quality = QUALITY,
): Promise<Uint8Array<ArrayBuffer>> {
  await ready();
  const picture = { data, width, height, colorSpace: "srgb" } as ImageData;
  return new Uint8Array(await encodeJpeg(picture, { quality, progressive: false }));
}

let initialised: Promise<void> | undefined;

function ready(): Promise<void> {
  initialised ??= (async () => {
    const url = new URL(import.meta.resolve("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm"));
    const wasm = await WebAssembly.compile(await readFile(url));
    await (initJpeg as (module: WebAssembly.Module) => Promise<void>)(wasm);
  })();
  return initialised;
}
