import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeDecoder } from "../../src/codec/node.ts";
import { guidedMaskRows } from "../../src/codec/output/guided.ts";
import type { Pixels } from "../../src/codec/types.ts";
import { modelFolder } from "../../src/engine/host/node.ts";
import { createSegmenter } from "../../src/engine/index.ts";
import { nativeRuntime } from "../../src/engine/runtime/native.ts";

/** A photograph with a mask, and what its object's colours are known to be. */
export interface Subject {
  readonly pixels: Pixels;
  /** 0..255 */
  readonly alpha: Uint8Array;
  /** 3 a pixel, 0..255; continued beyond the object by its nearest colour. */
  readonly truth: Uint8Array;
  /** Pixels that are looked at are not 0. */
  readonly counts: Uint8Array;
}

const decoder = nodeDecoder();

/** Objects of drawn masks, softened by so many pixels, before the photograph of another group. */
export async function* composites(folder: string, count: number, softness: number) {
  const groups = (await readdir(folder)).sort();
  for (const [i, group] of groups.entries()) {
    const behind = await photographsOf(
      join(folder, groups[(i + 1) % groups.length] as string),
      count,
    );
    for (const [k, { pixels, drawn }] of (
      await photographsOf(join(folder, group), count)
    ).entries()) {
      const { width, height } = pixels;
      const truth = continued(pixels, eroded(drawn, width, height));
      const alpha = blurred(drawn, width, height, softness);
      const other = (behind[k % behind.length] as Photograph).pixels;
      const data = new Uint8Array(4 * width * height);
      for (let y = 0, p = 0; y < height; y++) {
        const row = Math.floor((y * other.height) / height) * other.width;
        for (let x = 0; x < width; x++, p++) {
          const o = 4 * (row + Math.floor((x * other.width) / width));
          const a = (alpha[p] as number) / 255;
          for (let c = 0; c < 3; c++) {
            data[4 * p + c] = Math.round(a * truth[3 * p + c]! + (1 - a) * other.data[o + c]!);
          }
          data[4 * p + 3] = 255;
        }
      }
      const counts = new Uint8Array(alpha.length).fill(1);
      yield { pixels: { width, height, data }, alpha, truth, counts } satisfies Subject;
    }
  }
}

/** The photographs as they are, with the masks that the engine finds. */
export async function* masked(folder: string, count: number, model: string) {
  const runtime = await nativeRuntime({ threads: 1 });
  const segmenter = await createSegmenter({ model: modelFolder(model), runtime, decoder });
  for (const group of (await readdir(folder)).sort()) {
    const photographs = await photographsOf(join(folder, group), count);
    const images = photographs.map(({ id, bytes }) => ({ id, bytes }));
    let k = 0;
    for await (const { logits } of segmenter.segment(images)) {
      const { pixels, drawn } = photographs[k++] as Photograph;
      const alpha = new Uint8Array(pixels.width * pixels.height);
      let at = 0;
      for (const row of await guidedMaskRows(logits, pixels)) {
        alpha.set(row, at);
        at += row.length;
      }
      const truth = continued(pixels, eroded(drawn, pixels.width, pixels.height));
      const near = blurred(drawn, pixels.width, pixels.height, 4);
      const counts = near.map((share) => (share > 0 && share < 255 ? 1 : 0));
      yield { pixels, alpha, truth, counts } satisfies Subject;
    }
  }
}

interface Photograph {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly pixels: Pixels;
  /** 0 or 1 */
  readonly drawn: Uint8Array;
}

async function photographsOf(folder: string, count: number): Promise<Photograph[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".jpg")).sort();
  return Promise.all(
    names.slice(0, count).map(async (id) => {
      const bytes = new Uint8Array(await readFile(join(folder, id)));
      const mask = await readFile(join(folder, id.replace(/jpg$/, "png")));
      const { width, height, data } = await decoder.decode(new Uint8Array(mask));
      const drawn = Uint8Array.from({ length: width * height }, (_, i) =>
        data[4 * i]! > 127 ? 1 : 0,
      );
      return { id, bytes, pixels: await decoder.decode(bytes), drawn };
    }),
  );
}

/** Without two pixels of its rim, where photographs mix both and drawings are off. */
function eroded(drawn: Uint8Array, width: number, height: number): Uint8Array {
  return drawn.map((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) {
        const [u, v] = [
          Math.min(Math.max(x + dx, 0), width - 1),
          Math.min(Math.max(y + dy, 0), height - 1),
        ];
        if (!drawn[v * width + u]) return 0;
      }
    }
    return 1;
  });
}

/** The object's colours; elsewhere those of the nearest pixel of it. */
function continued({ width, height, data }: Pixels, inside: Uint8Array): Uint8Array {
  const colours = new Uint8Array(3 * width * height);
  const known = inside.slice();
  let rim: number[] = [];
  for (let i = 0; i < known.length; i++) {
    if (!known[i]) continue;
    for (let c = 0; c < 3; c++) colours[3 * i + c] = data[4 * i + c] as number;
    rim.push(i);
  }
  while (rim.length > 0) {
    const next: number[] = [];
    for (const i of rim) {
      const x = i % width;
      for (const n of [x > 0 ? i - 1 : i, x + 1 < width ? i + 1 : i, i - width, i + width]) {
        if (n < 0 || n >= known.length || known[n]) continue;
        known[n] = 1;
        colours.copyWithin(3 * n, 3 * i, 3 * i + 3);
        next.push(n);
      }
    }
    rim = next;
  }
  return colours;
}

/** Two box blurs. */
function blurred(drawn: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  let values = Float32Array.from(drawn);
  for (const [step, length] of [
    [1, width],
    [width, height],
    [1, width],
    [width, height],
  ] as const) {
    const result = new Float32Array(values.length);
    for (let i = 0; i < values.length; i++) {
      const place = step === 1 ? i % width : Math.floor(i / width);
      for (let d = -radius; d <= radius; d++) {
        const at = Math.min(Math.max(place + d, 0), length - 1) - place;
        result[i]! += (values[i + step * at] as number) / (2 * radius + 1);
      }
    }
    values = result;
  }
  return Uint8Array.from(values, (value) => Math.round(255 * value));
}
