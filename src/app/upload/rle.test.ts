import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { greyOfRle } from "./rle.ts";

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
