/** Run lengths of a COCO mask: column by column, starting with background. */
export interface RunLengths {
  /** `[height, width]` */
  readonly size: readonly [number, number];
  readonly counts: string | readonly number[];
}

/**
 * Grey values, row by row, 255 where the mask is object: what pycocotools' `decode` does, for the
 * compressed text (`maskApi.c`, rleFrString) and for the plain list.
 *
 * @throws RangeError when the runs do not fill the mask
 */
export function greyOfRle({ size: [height, width], counts }: RunLengths): Uint8Array<ArrayBuffer> {
  const runs = typeof counts === "string" ? runsOf(counts) : counts;
  const data = new Uint8Array(width * height);
  let at = 0;
  for (const [i, run] of runs.entries()) {
    if (run < 0 || at + run > data.length)
      throw new RangeError("the runs are longer than the mask");
    if (i % 2 === 1) {
      for (let k = at; k < at + run; k++) data[(k % height) * width + Math.floor(k / height)] = 255;
    }
    at += run;
  }
  if (at !== data.length) throw new RangeError("the runs are shorter than the mask");
  return data;
}

/** Five bits a character, least significant first; from the fourth on, differences to two before. */
function runsOf(text: string): number[] {
  const runs: number[] = [];
  let i = 0;
  while (i < text.length) {
    let value = 0;
    let shift = 0;
    let more = true;
    while (more) {
      const bits = text.charCodeAt(i++) - 48;
      if (!(bits >= 0 && bits < 64) || shift > 30)
        throw new RangeError("the text is no run lengths");
      value |= (bits & 31) << shift;
      shift += 5;
      more = (bits & 32) !== 0;
      if (!more && (bits & 16) !== 0 && shift < 32) value |= -1 << shift;
    }
    if (runs.length > 2) value += runs[runs.length - 2] as number;
    runs.push(value);
  }
  return runs;
}
