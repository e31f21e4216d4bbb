import { viewOf } from "./bytes.ts";
import { cleanAperture } from "./heif-item.ts";
import { boxes, find, type IsoBox } from "./iso-boxes.ts";
import { type Association, type ItemProperties, readItemProperties } from "./item-properties.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Repairs a file that libavif refuses as @jsquash/avif 2.1.1 calls it. Undefined if there is nothing to
 * repair. The strict mode of libavif requires a `pixi` for every item, which older encoders omit, and
 * refuses a `clap` that is not in whole pixels of the image. Chromium shows both.
 *
 * Everything else in the file keeps its offset, since it is referred to by offset. The repaired
 * description is appended, and the old one becomes free space.
 *
 * @throws RangeError where the file's description is incomplete
 */
export function repairedAvif(file: Uint8Array): Bytes | undefined {
  const view = viewOf(file);
  const items = readItemProperties(view);
  const added = items.properties.length + 1;
  const mended = new Map<number, readonly Association[]>();
  let isMended = false;
  for (const [id, associations] of items.associations) {
    const kept = associations.filter(
      ({ index }) => !isWrongAperture(view, items, associations, index),
    );
    const isKnown = kept.some(({ index }) => items.properties[index - 1]?.type === "pixi");
    const own = isKnown ? kept : [...kept, { index: added, isEssential: false }];
    isMended ||= own.length !== associations.length || !isKnown;
    mended.set(id, own);
  }
  const depth = depthOf(view, items);
  if (!isMended || depth === undefined) return undefined;
  const meta = mendedMeta(file, items, mended, box("pixi", Uint8Array.of(0, 0, 0, 0, 1, depth)));
  const result = new Uint8Array(file.length + meta.length);
  result.set(file);
  result.set(meta, file.length);
  result.set(latin1("free"), items.meta.offset + 4);
  // A length of 0 would mean: up to the end.
  const last = boxes(view, 0, file.length).at(-1);
  if (last !== undefined && view.getUint32(last.offset) === 0) {
    viewOf(result).setUint32(last.offset, file.length - last.offset);
  }
  return result;
}

function isWrongAperture(
  view: DataView,
  { properties }: ItemProperties,
  associations: readonly Association[],
  index: number,
): boolean {
  const clap = properties[index - 1];
  if (clap?.type !== "clap") return false;
  const own = associations.map((association) => properties[association.index - 1]);
  const ispe = own.find((property) => property?.type === "ispe");
  if (ispe === undefined) return false;
  const width = view.getUint32(ispe.start + 4);
  const height = view.getUint32(ispe.start + 8);
  return cleanAperture(view, clap.start, { width, height }) === undefined;
}

/** Bits of a sample, from AV1's configuration (AV1-ISOBMFF, 2.3.3). */
function depthOf(view: DataView, { properties }: ItemProperties): number | undefined {
  const av1C = properties.find(({ type }) => type === "av1C");
  if (av1C === undefined) return undefined;
  const flags = view.getUint8(av1C.start + 2);
  return (flags & 0x40) === 0 ? 8 : (flags & 0x20) === 0 ? 10 : 12;
}

function mendedMeta(
  file: Uint8Array,
  { meta }: ItemProperties,
  associations: ReadonlyMap<number, readonly Association[]>,
  property: Bytes,
): Bytes {
  const view = viewOf(file);
  const content = ({ start, end }: IsoBox) => file.subarray(start, end);
  const copies = (from: IsoBox, start: number, replaced: Readonly<Record<string, () => Bytes>>) =>
    boxes(view, start, from.end).map(
      (one) => replaced[one.type]?.() ?? box(one.type, content(one)),
    );
  const children = boxes(view, meta.start + 4, meta.end);
  const iprp = find(children, "iprp");
  const ipco = find(boxes(view, iprp.start, iprp.end), "ipco");
  return box(
    "meta",
    file.subarray(meta.start, meta.start + 4),
    ...copies(meta, meta.start + 4, {
      iprp: () =>
        box(
          "iprp",
          ...copies(iprp, iprp.start, {
            ipco: () => box("ipco", content(ipco), property),
            ipma: () => ipmaOf(associations),
          }),
        ),
    }),
  );
}

/** With identities of 32 bits and places of 15 (ISO/IEC 23008-12, 9.3.1). */
function ipmaOf(items: ReadonlyMap<number, readonly Association[]>): Bytes {
  const bytes = [1, 0, 0, 1, ...word(items.size)];
  for (const [id, associations] of items) {
    bytes.push(...word(id), associations.length);
    for (const { index, isEssential } of associations) {
      bytes.push((isEssential ? 0x80 : 0) | (index >> 8), index & 255);
    }
  }
  return box("ipma", Uint8Array.from(bytes));
}

function box(type: string, ...parts: readonly Uint8Array[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 8);
  const bytes = new Uint8Array(length);
  bytes.set(word(length));
  bytes.set(latin1(type), 4);
  let offset = 8;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function word(value: number): number[] {
  return [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
