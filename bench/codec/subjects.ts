import webpFactory from "@jsquash/webp/codec/enc/webp_enc_simd.js";
import { defaultOptions } from "@jsquash/webp/meta.js";
import {
  binaryPng,
  type Decoder,
  type InputFormat,
  type MaskRecord,
  maskPng,
  maskPolygons,
  maskRle,
  maskRows,
  maskSvg,
  maskWebp,
  measureMask,
} from "../../src/codec/index.ts";
import { toTensor } from "../../src/codec/resample.ts";
import { instantiateSquoosh, type SquooshFactory } from "../../src/codec/wasm/emscripten.ts";

/** A piece of work of which one run is timed. */
export type Subject = () => unknown | Promise<unknown>;

const FORMAT: InputFormat = { width: 320, height: 320, mean: [0, 0, 0], std: [1, 1, 1] };

/** Logits as a network gives them for an object in the middle: soft all over, never quite sure. */
export function recordOf(width: number, height: number): MaskRecord {
  const data = new Float32Array(160 * 160);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [(i % 160) / 80 - 1, Math.floor(i / 160) / 80 - 1];
    const wobble =
      0.12 * Math.sin(9 * Math.atan2(y, x)) + 0.02 * Math.sin(31 * x) * Math.sin(37 * y);
    data[i] = 14 * Math.tanh(3 * (0.55 + wobble - Math.hypot(x, y))) - 3;
  }
  return { width, height, logits: { width: 160, height: 160, data } };
}

export function decoding(decoder: Decoder, files: ReadonlyMap<string, Uint8Array>) {
  const subjects = new Map<string, Subject>();
  for (const [name, file] of files) {
    subjects.set(`${name}: to the network's input`, () => decoder.sample(file, FORMAT));
    subjects.set(`${name}: the same of all pixels`, async () =>
      toTensor(await decoder.decode(file), FORMAT),
    );
  }
  return subjects;
}

export function rendering(width: number, height: number, webp: WebAssembly.Module) {
  const record = recordOf(width, height);
  const { logits } = record;
  return new Map<string, Subject>([
    ["coverage and box", () => measureMask(logits, width, height)],
    ["PNG", () => maskPng(record)],
    ["PNG by CompressionStream", () => compressed(record)],
    ["PNG, 1 bit", () => binaryPng(record)],
    ["WebP", () => maskWebp(record)],
    ["WebP by libwebp", () => libwebp(record, webp)],
    ["COCO runs", () => maskRle(record)],
    ["COCO polygons", () => maskPolygons(record)],
    ["SVG", () => maskSvg(record)],
  ]);
}

/** The part of a PNG that takes the time, as the platform does it: rows unfiltered, deflated. */
async function compressed({ width, height, logits }: MaskRecord): Promise<Uint8Array> {
  const { readable, writable } = new CompressionStream("deflate");
  const size = new Response(readable).arrayBuffer();
  const writer = writable.getWriter();
  let piece = new Uint8Array(64 * (width + 1));
  let used = 0;
  for (const row of maskRows(logits, width, height)) {
    piece.set(row, used + 1);
    used += width + 1;
    if (used < piece.length) continue;
    await writer.write(piece);
    piece = new Uint8Array(piece.length);
    used = 0;
  }
  await writer.write(piece.subarray(0, used));
  await writer.close();
  return new Uint8Array(await size);
}

interface Libwebp {
  encode(data: Uint8Array, width: number, height: number, options: object): Uint8Array | null;
}

async function libwebp(record: MaskRecord, wasm: WebAssembly.Module): Promise<Uint8Array | null> {
  const { width, height, logits } = record;
  const factory = webpFactory as unknown as SquooshFactory<Libwebp>;
  const { module } = await instantiateSquoosh(factory, wasm, 2 ** 30);
  const data = new Uint8Array(4 * width * height);
  let offset = 0;
  for (const row of maskRows(logits, width, height)) {
    for (let x = 0; x < width; x++, offset += 4) {
      const value = row[x] as number;
      data[offset] = value;
      data[offset + 1] = value;
      data[offset + 2] = value;
      data[offset + 3] = 255;
    }
  }
  return module.encode(data, width, height, { ...defaultOptions, lossless: 1, method: 0 });
}
