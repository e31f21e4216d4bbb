import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reduceSeedMask } from "../../engine/index.ts";
import { parseRuns, type RunLengths, reduceRuns } from "./rle.ts";

/** The mask itself: a grid with a cell for each pixel. */
function greyOfRle(mask: RunLengths): Iterable<number> {
  const size = { height: mask.size[0], width: mask.size[1] };
  return reduceRuns(parseRuns(mask), size, size).data;
}

describe("COCO run lengths", () => {
  it("go down the columns, beginning with background", () => {
    const grey = greyOfRle({ size: [2, 3], counts: [1, 2, 3] });
    expect([...grey]).toEqual([0, 255, 0, 255, 0, 0]);
  });

  it("come as a text too, as pycocotools 2 writes it", () => {
    const rows = ["00000", "01100", "01101", "00001"];
    expect([...greyOfRle({ size: [4, 5], counts: "522050" })]).toEqual(grey(rows));
    // A block with a hole, so that differences are negative and longer than one character.
    const block = Array.from({ length: 40 }, (_, y) =>
      Array.from({ length: 60 }, (_, x) => {
        const isBlock = y >= 3 && y < 31 && x >= 5 && x < 44;
        const isHole = y >= 10 && y < 20 && x >= 10 && x < 30;
        return isBlock && !isHole ? "1" : "0";
      }).join(""),
    );
    const counts = `[6l0<00000000[ON42${"LN42".repeat(19)}a000000000000000000000000000mc0`;
    expect([...greyOfRle({ size: [40, 60], counts })]).toEqual(grey(block));
  });

  it("say the same as a list and as a text", () => {
    const masks = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }));
    fc.assert(
      fc.property(
        masks.chain(([height, width]) =>
          fc.array(fc.stringMatching(new RegExp(`^[01]{${width}}$`)), {
            minLength: height,
            maxLength: height,
          }),
        ),
        (rows) => {
          const size = [rows.length, rows[0]!.length] as const;
          const list = runs(rows);
          expect([...greyOfRle({ size, counts: list })]).toEqual(grey(rows));
          expect([...greyOfRle({ size, counts: textOf(list) })]).toEqual(grey(rows));
        },
      ),
    );
  });

  it("have one form, whatever empty runs there are", () => {
    const size = [2, 3] as const;
    expect(parseRuns({ size, counts: [0, 2, 0, 1, 3, 0, 0] })).toEqual([0, 3, 3]);
    expect(parseRuns({ size, counts: [1, 0, 0, 0, 5] })).toEqual([6]);
  });

  it("are averaged over a grid as the mask's pixels would be", () => {
    const side = fc.integer({ min: 1, max: 12 });
    const masks = fc.tuple(side, side).chain(([height, width]) =>
      fc.record({
        size: fc.constant([height, width] as const),
        cuts: fc.array(fc.nat(height * width), { maxLength: 8 }),
        // A grid that is finer than the mask has no pixels to average.
        grid: fc.record({
          width: fc.integer({ min: 1, max: width }),
          height: fc.integer({ min: 1, max: height }),
        }),
      }),
    );
    fc.assert(
      fc.property(masks, ({ size: [height, width], cuts, grid }) => {
        const ends = [...cuts.toSorted((a, b) => a - b), height * width];
        const counts = ends.map((end, i) => end - (ends[i - 1] ?? 0));
        const mask = { size: [height, width] as const, counts };
        const data = Uint8Array.from(greyOfRle(mask));
        const expected = reduceSeedMask({ width, height, data }, grid).data;
        const { data: found } = reduceRuns(parseRuns(mask), { width, height }, grid);
        for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 3);
      }),
    );
  });

  it("of a mask of 268 megapixels are never made into pixels", () => {
    const side = 16_383;
    const mask = { size: [side, side] as const, counts: [1, side * side - 1] };
    const { data } = reduceRuns(
      parseRuns(mask),
      { width: side, height: side },
      { width: 2, height: 2 },
    );
    expect(data[0]).toBeLessThan(255);
    expect([...data.subarray(1)]).toEqual([255, 255, 255]);
  });

  it("are refused when they do not fill the mask or are no runs, and never hang", () => {
    for (const counts of [[1], [7], "!", "", "oooooooooooo", [1, -1, 6]]) {
      expect(() => greyOfRle({ size: [2, 3], counts })).toThrow(RangeError);
    }
    fc.assert(
      fc.property(fc.string(), (counts) => {
        try {
          greyOfRle({ size: [4, 4], counts });
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

const grey = (rows: string[]) => rows.flatMap((row) => [...row].map((bit) => Number(bit) * 255));

function runs(rows: string[]): number[] {
  const columns = [...rows[0]!].flatMap((_, x) => rows.map((row) => row[x]));
  const counts = [0];
  let last = "0";
  for (const bit of columns) {
    if (bit !== last) counts.push(0);
    last = bit!;
    counts[counts.length - 1]!++;
  }
  return counts;
}

/** maskApi.c, rleToString */
function textOf(counts: number[]): string {
  let text = "";
  for (const [i, count] of counts.entries()) {
    let x = i > 2 ? count - counts[i - 2]! : count;
    let more = true;
    while (more) {
      let bits = x & 31;
      x >>= 5;
      more = bits & 16 ? x !== -1 : x !== 0;
      if (more) bits |= 32;
      text += String.fromCharCode(bits + 48);
    }
  }
  return text;
}
