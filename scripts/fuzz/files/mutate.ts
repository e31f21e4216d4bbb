import { crc32 } from "../../../src/codec/crc32.ts";
import { chunkBytes } from "../../../test/png-writer.ts";
import { type FileType, partsOf } from "./parts.ts";

/** Whole numbers from 0 to `below - 1`, the same ones for the same seed (mulberry32). */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

/** A way to change a file; the name is told with what comes of it. */
type Mutation = (file: Uint8Array, type: FileType, random: Random) => Uint8Array;

const joined = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const bytesFrom = (random: Random, most: number) =>
  Uint8Array.from({ length: random(most + 1) }, () => random(256));

/** With another part put in, as a writer might leave it there. */
const inserted: Mutation = (file, type, random) => {
  const parts = partsOf(file, type);
  parts.splice(1 + random(parts.length), 0, somePart(type, random));
  return joined(parts);
};

function somePart(type: FileType, random: Random): Uint8Array {
  const content = bytesFrom(random, 40);
  switch (type) {
    case "png": {
      const types = ["iCCP", "gAMA", "cHRM", "sRGB", "pHYs", "tEXt", "zTXt", "iTXt", "tIME"];
      types.push("bKGD", "sBIT", "hIST", "sPLT", "cICP", "eXIf", "acTL", "abCd", "tRNS");
      const made = chunkBytes({ type: types[random(types.length)] as string, data: content });
      if (random(4) === 0) made[made.length - 1]! ^= 255;
      return made;
    }
    case "webp":
    case "avif": {
      const names = type === "webp" ? ["ICCP", "EXIF", "XMP ", "ABCD"] : ["free", "skip", "uuid"];
      const name = Buffer.from(names[random(names.length)] as string, "latin1");
      const even = content.subarray(0, content.length & ~1);
      const size = Buffer.alloc(4);
      if (type === "webp") size.writeUInt32LE(even.length);
      else size.writeUInt32BE(8 + even.length);
      return joined(type === "webp" ? [name, size, even] : [size, name, even]);
    }
    case "jpeg": {
      const marker = [0xe0, 0xe1, 0xe2, 0xed, 0xee, 0xef, 0xfe][random(7)] as number;
      const length = content.length + 2;
      return Uint8Array.of(0xff, marker, length >> 8, length & 255, ...content);
    }
  }
}

const doubled: Mutation = (file, type, random) => {
  const parts = partsOf(file, type);
  const at = 1 + random(parts.length - 1);
  parts.splice(at, 0, parts[at] as Uint8Array);
  return joined(parts);
};

const dropped: Mutation = (file, type, random) => {
  const parts = partsOf(file, type);
  parts.splice(1 + random(parts.length - 1), 1);
  return joined(parts);
};

const swapped: Mutation = (file, type, random) => {
  const parts = partsOf(file, type);
  const [a, b] = [1 + random(parts.length - 1), 1 + random(parts.length - 1)];
  [parts[a], parts[b]] = [parts[b] as Uint8Array, parts[a] as Uint8Array];
  return joined(parts);
};

/** A byte within a part changed; of a PNG's, the checksum is made right again. */
const edited: Mutation = (file, type, random) => {
  const parts = partsOf(file, type).map((part) => part.slice());
  const part = parts[1 + random(parts.length - 1)] as Uint8Array;
  part[random(part.length)] = random(256);
  if (type === "png" && part.length >= 12) {
    const checksum = crc32(part.subarray(4, part.length - 4));
    new DataView(part.buffer).setUint32(part.length - 4, checksum);
  }
  return joined(parts);
};

const flipped: Mutation = (file, _type, random) => {
  const copy = file.slice();
  copy[random(copy.length)]! ^= 1 << random(8);
  return copy;
};

const cut: Mutation = (file, _type, random) => {
  return file.subarray(0, file.length - 1 - random(random(2) === 0 ? 24 : file.length - 1));
};

const followed: Mutation = (file, _type, random) => joined([file, bytesFrom(random, 300)]);

/** Bytes without meaning between two parts. */
const padded: Mutation = (file, type, random) => {
  const parts = partsOf(file, type);
  parts.splice(1 + random(parts.length), 0, bytesFrom(random, 4));
  return joined(parts);
};

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  inserted,
  doubled,
  dropped,
  swapped,
  edited,
  flipped,
  cut,
  followed,
  padded,
};
