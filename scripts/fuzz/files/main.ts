// `npm run fuzz:files [-- FILES [SEED]]`: changes sound files at random, mostly in what is not their
// pixels, and compares what cosal says of them with what Chromium's own decoders say. Chromium shows
// a file if `createImageBitmap` takes it. Prints how often the two agree, and every kind of
// disagreement with an example, by its number: the same seed makes the same files.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeDecoder } from "../../../src/codec/node.ts";
import type { Pixels } from "../../../src/codec/types.ts";
import { CosalError } from "../../../src/errors.ts";
import { ChromiumDecoder, type Shown } from "./chromium.ts";
import { MUTATIONS, randomFrom } from "./mutate.ts";
import type { FileType } from "./parts.ts";

const [count = 5000, seed = Date.now() & 0x7fffffff] = process.argv.slice(2).map(Number);
const FIXTURES = join(import.meta.dirname, "..", "..", "..", "test", "fixtures", "images");
// Chromium does not turn WebP by its EXIF, and none of these is turned.
const SOURCES: readonly (readonly [FileType, string])[] = [
  ["jpeg", "orientation-1.jpg"],
  ["jpeg", "progressive.jpg"],
  ["jpeg", "jpeg-422.jpg"],
  ["jpeg", "jpeg-restarts.jpg"],
  ["jpeg", "grey.jpg"],
  ["png", "orientation-1.png"],
  ["png", "palette.png"],
  ["png", "alpha.png"],
  ["png", "sixteen-bits.png"],
  ["png", "grey.png"],
  ["webp", "lossy.webp"],
  ["webp", "orientation-1.webp"],
  ["webp", "alpha.webp"],
  ["webp", "animated.webp"],
  ["avif", "orientation-1.avif"],
];
const BATCH = 100;
/** Mean difference of a sample above which two images are not the same. */
const SAME = 3;

interface Sample {
  readonly number: number;
  readonly type: FileType;
  readonly name: string;
  readonly mutation: string;
  readonly bytes: Uint8Array;
}

const files = new Map<string, Uint8Array>();
for (const [, name] of SOURCES)
  files.set(name, new Uint8Array(await readFile(join(FIXTURES, name))));
const random = randomFrom(seed);
const names = Object.keys(MUTATIONS);
const decoder = nodeDecoder();
await using chromium = await ChromiumDecoder.open();

/** What was found, by type of file, and how often; disagreements with the first example. */
const found = new Map<string, { count: number; example: string }>();
console.log(`${count} files, seed ${seed}`);
for (let start = 0; start < count; start += BATCH) {
  const samples = Array.from({ length: Math.min(BATCH, count - start) }, (_, i) =>
    sample(start + i),
  );
  const shown = await chromium.decode(samples.map(({ bytes }) => bytes));
  for (const [i, one] of samples.entries()) await judge(one, shown[i]);
}
for (const [what, { count, example }] of [...found].sort(([a], [b]) => a.localeCompare(b))) {
  console.log(`${String(count).padStart(6)}  ${what}${example && `   e.g. ${example}`}`);
}

function sample(number: number): Sample {
  const [type, name] = SOURCES[random(SOURCES.length)] as (typeof SOURCES)[number];
  const mutation = names[random(names.length)] as string;
  const change = MUTATIONS[mutation] as (typeof MUTATIONS)[string];
  const bytes = change(files.get(name) as Uint8Array, type, random);
  return { number, type, name, mutation, bytes };
}

async function judge(one: Sample, shown: Shown | undefined): Promise<void> {
  const ours = await decoder.decode(one.bytes).catch((error: unknown) => error);
  const isRefused = ours instanceof CosalError;
  if (!isRefused && ours instanceof Error) throw new Error(`file ${one.number}`, { cause: ours });
  const verdict = isRefused
    ? shown === undefined
      ? "agree: refused"
      : `SHOWN BUT REFUSED: ${ours.message.replace(/\d+/g, "#")}`
    : shown === undefined
      ? isSame(ours as Pixels, await decoder.decode(files.get(one.name) as Uint8Array))
        ? "masked but rejected: all pixels are there"
        : `MASKED BUT REJECTED, WITH OTHER PIXELS, when ${one.mutation}`
      : isSame(ours as Pixels, shown)
        ? "agree: the same pixels"
        : `OTHER PIXELS, when ${one.mutation}`;
  const key = `${one.type}: ${verdict}`;
  const example = verdict.startsWith("agree") ? "" : `${one.number} (${one.mutation} ${one.name})`;
  const entry = found.get(key) ?? { count: 0, example };
  found.set(key, { ...entry, count: entry.count + 1 });
}

/** Over white, since a canvas keeps no colours below alpha. */
function isSame(ours: Pixels, shown: Pixels): boolean {
  if (ours.width !== shown.width || ours.height !== shown.height) return false;
  let off = 0;
  for (let i = 0; i < ours.data.length; i++) {
    off += Math.abs(overWhite(ours.data, i) - overWhite(shown.data, i));
  }
  return off / ours.data.length <= SAME;
}

function overWhite(data: ArrayLike<number>, i: number): number {
  const alpha = data[i | 3] as number;
  return (i & 3) === 3 ? alpha : ((data[i] as number) * alpha) / 255 + 255 - alpha;
}
