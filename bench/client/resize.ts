// `npm run bench:resize -- FOLDER [--count 8]`: what the client's `resize` costs, and what it saves.
//
// FOLDER holds groups: a folder each, photographs `.jpg` with drawn masks `.png` of the same name. So many
// of each group are enlarged to photographs of LONGEST pixels. They are masked as they are, and as
// `resize` sends them: reduced to 640 pixels, JPEG of quality 85. J is the intersection over union at
// 0.5 with the drawn mask, F how well the outlines lie on each other (Perazzi et al., DAVIS, CVPR 2016),
// both of the size that the masks are drawn in; means over photographs, then over groups.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { LONGEST_SIDE } from "../../src/client/resize.ts";
import { maskRows } from "../../src/codec/index.ts";
import { nodeDecoder } from "../../src/codec/node.ts";
import { modelFolder } from "../../src/engine/host/node.ts";
import { createSegmenter, type ImageInput } from "../../src/engine/index.ts";
import { nativeRuntime } from "../../src/engine/runtime/native.ts";
import { representatives } from "../../src/group/representatives.ts";
import { boundaryF, jaccard, type Region } from "../boundary.ts";
import { machine } from "../machine.ts";
import { jpegOf } from "../photographs.ts";

const LONGEST = 2400;
/** Of the client's JPEGs. */
const QUALITY = 85;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string", default: "8" } },
});
const [folder] = positionals;
if (folder === undefined) throw new Error("Which folder of groups?");
const COUNT = Number(values.count);

const decoder = nodeDecoder();
const segmenter = await createSegmenter({
  model: modelFolder(join(import.meta.dirname, "..", "..", "models", "cosal-lite")),
  runtime: await nativeRuntime({ threads: 1 }),
  decoder,
});

interface Photograph {
  readonly id: string;
  readonly whole: Uint8Array<ArrayBuffer>;
  readonly reduced: Uint8Array<ArrayBuffer>;
  readonly drawn: Region;
}

async function photographsOf(group: string): Promise<Photograph[]> {
  const names = (await readdir(group)).filter((name) => name.endsWith(".jpg")).sort();
  const chosen = representatives(names.length, COUNT).map((place) => names[place] as string);
  const photographs: Photograph[] = [];
  for (const id of chosen) {
    const small = await decoder.decode(new Uint8Array(await readFile(join(group, id))));
    const mask = await readFile(join(group, id.replace(/jpg$/, "png")));
    const { width, height, data } = await decoder.decode(new Uint8Array(mask));
    const scale = LONGEST / Math.max(small.width, small.height);
    const at = (side: number, factor: number) => Math.max(1, Math.round(factor * side));
    const whole = await jpegOf(small, at(small.width, scale), at(small.height, scale));
    const large = await decoder.decode(whole);
    const shrink = LONGEST_SIDE / Math.max(large.width, large.height);
    photographs.push({
      ...{ id, whole },
      reduced: await jpegOf(large, at(large.width, shrink), at(large.height, shrink), {
        quality: QUALITY,
        grain: 0,
      }),
      drawn: {
        ...{ width, height },
        data: Uint8Array.from({ length: width * height }, (_, i) =>
          (data[4 * i] as number) > 127 ? 1 : 0,
        ),
      },
    });
  }
  return photographs;
}

/** Mean J and F of a group's masks. */
async function scored(images: readonly ImageInput[], photographs: readonly Photograph[]) {
  let [j, f, at] = [0, 0, 0];
  for await (const { logits } of segmenter.segment(images)) {
    const { drawn } = photographs[at++] as Photograph;
    const { width, height } = drawn;
    const data = new Uint8Array(width * height);
    let y = 0;
    for (const row of maskRows(logits, width, height)) {
      data.set(
        row.map((value) => (value > 127 ? 1 : 0)),
        width * y++,
      );
    }
    j += jaccard({ width, height, data }, drawn);
    f += boundaryF({ width, height, data }, drawn);
  }
  return { j: j / at, f: f / at };
}

console.log(machine());
const groups = (await readdir(folder)).sort();
const sums = { j: 0, f: 0, reducedJ: 0, reducedF: 0, bytes: 0, reducedBytes: 0, photographs: 0 };
console.log(`\n${"".padEnd(12)}     J whole  reduced    F whole  reduced`);
const line = (name: string, figures: readonly number[]) =>
  console.log(name.padEnd(12) + figures.map((one) => one.toFixed(3).padStart(11)).join(""));
for (const name of groups) {
  const photographs = await photographsOf(join(folder, name));
  const whole = await scored(
    photographs.map(({ id, whole: bytes }) => ({ id, bytes })),
    photographs,
  );
  const reduced = await scored(
    photographs.map(({ id, reduced: bytes }) => ({ id, bytes })),
    photographs,
  );
  sums.j += whole.j;
  sums.f += whole.f;
  sums.reducedJ += reduced.j;
  sums.reducedF += reduced.f;
  sums.photographs += photographs.length;
  for (const photograph of photographs) {
    sums.bytes += photograph.whole.length;
    sums.reducedBytes += photograph.reduced.length;
  }
  line(name, [whole.j, reduced.j, whole.f, reduced.f]);
}
line(
  "mean",
  [sums.j, sums.reducedJ, sums.f, sums.reducedF].map((sum) => sum / groups.length),
);
const kilobytes = (bytes: number) => `${(bytes / sums.photographs / 1000).toFixed(0)} kB`;
console.log(
  `\n${sums.photographs} photographs of ${LONGEST} pixels: ${kilobytes(sums.bytes)} each, reduced ${kilobytes(sums.reducedBytes)}`,
);
