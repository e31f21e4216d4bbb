import fc from "fast-check";
import { binaryRows } from "../src/codec/mask.ts";
import { type MaskOptions, prepared } from "../src/codec/output/options.ts";
import type { MaskRecord } from "../src/codec/output/record.ts";

/** A mask as the tests compare it: a byte for each pixel, row by row. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The mask that every renderer has to give, at the threshold. */
export function bitmapOf(record: MaskRecord, options?: MaskOptions): Bitmap {
  const { width, height, logits, level } = prepared(record, options);
  const data = new Uint8Array(width * height);
  let y = 0;
  for (const row of binaryRows(logits, width, height, level)) data.set(row, width * y++);
  return { width, height, data };
}

/** A record whose mask is exactly this bitmap: logits of the photograph's own size. */
export function recordOf({ width, height, data }: Bitmap): MaskRecord {
  const logits = Float32Array.from(data, (bit) => (bit ? 5 : -5));
  return { width, height, logits: { width, height, data: logits } };
}

/** `"#"` is object. */
export function drawn(...rows: string[]): Bitmap {
  const width = rows[0]?.length ?? 0;
  const data = Uint8Array.from(rows.join(""), (mark) => (mark === "#" || mark === "1" ? 1 : 0));
  return { width, height: rows.length, data };
}

/** Logits of some steps' size that change from place to place, magnified to any photograph. */
export const someRecord: fc.Arbitrary<MaskRecord> = fc
  .record({
    width: fc.integer({ min: 1, max: 120 }),
    height: fc.integer({ min: 1, max: 120 }),
    across: fc.integer({ min: 1, max: 16 }),
    down: fc.integer({ min: 1, max: 16 }),
    seed: fc.integer({ min: 1, max: 1 << 30 }),
    shift: fc.integer({ min: -2, max: 2 }),
  })
  .map(({ width, height, across, down, seed, shift }) => {
    const data = new Float32Array(across * down);
    for (let i = 0, state = seed; i < data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      data[i] = 10 * (state / 2 ** 32 - 0.5) + shift;
    }
    return { width, height, logits: { width: across, height: down, data } };
  });
