/** A property of an item: a box of ipco. */
export interface ItemProperty {
  readonly type: string;
  readonly content: readonly number[];
}

/** What a reader must understand, and is marked so. */
const TRANSFORMS = new Set(["clap", "irot", "imir"]);

/** Numbers of 32 bits as bytes, the highest first. */
export function words(...numbers: readonly number[]): number[] {
  return numbers.flatMap((n) => [(n >> 24) & 255, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
}

/**
 * A HEIF file with one item, which has further properties before or after its own. `iloc` must be
 * of version 0 with offsets and lengths of 4 bytes, as libavif writes it.
 */
export function withProperties(
  file: Uint8Array,
  properties: readonly ItemProperty[],
  where: "before" | "after" = "after",
): Uint8Array<ArrayBuffer> {
  const boxes = properties.map(({ type, content }) => [
    ...words(8 + content.length),
    ...Buffer.from(type, "latin1"),
    ...content,
  ]);
  const added = boxes.flat().length + properties.length;
  const source = Buffer.from(file);
  const at = (type: string) => {
    const index = source.indexOf(type, 0, "latin1") - 4;
    if (index < 0) throw new Error(`the file has no ${type}`);
    return index;
  };
  const end = (type: string) => at(type) + source.readUInt32BE(at(type));
  const ipma = at("ipma");
  // Version and flags, the number of entries, the item, the number of its properties, and they.
  const counted = ipma + 18;
  const count = source[counted] as number;
  const existing = [...source.subarray(at("ipco") + 8, end("ipco"))];
  const kept = countBoxes(Buffer.from(existing));
  const own = [...source.subarray(counted + 1, counted + 1 + count)];
  const more = properties.map(({ type }, i) => (TRANSFORMS.has(type) ? 0x80 : 0) | (kept + 1 + i));
  const grown = Buffer.from(source);
  for (const type of ["meta", "iprp"]) grow(grown, at(type), added);
  grow(grown, at("ipco"), added - properties.length);
  grow(grown, ipma, properties.length);
  // The data lie behind all of this.
  const iloc = at("iloc");
  const extent = iloc + 8 + 4 + 2 + 2 + 2 + 2 + 2;
  grow(grown, extent, added);
  grown[counted] = count + properties.length;
  const associations = where === "after" ? [...own, ...more] : [...more, ...own];
  return Uint8Array.from([
    ...grown.subarray(0, end("ipco")),
    ...boxes.flat(),
    ...grown.subarray(end("ipco"), counted + 1),
    ...associations,
    ...grown.subarray(counted + 1 + count),
  ]);
}

function grow(bytes: Buffer, offset: number, by: number): void {
  bytes.writeUInt32BE(bytes.readUInt32BE(offset) + by, offset);
}

function countBoxes(bytes: Buffer): number {
  let count = 0;
  for (let offset = 0; offset < bytes.length; offset += bytes.readUInt32BE(offset)) count++;
  return count;
}

/** Of a file with one item: its configuration, and its data. */
export interface CodedImage {
  readonly width: number;
  readonly height: number;
  /** hvcC or av1C, as a box. */
  readonly configuration: Uint8Array;
  /** hvc1 or av01. */
  readonly codec: string;
  readonly data: Uint8Array;
}

/** Takes such a file apart, where all that follows its last box's header is the item's data. */
export function codedImageOf(file: Uint8Array): CodedImage {
  const bytes = Buffer.from(file);
  const boxAt = (type: string) => {
    const start = bytes.indexOf(type, 0, "latin1") - 4;
    return bytes.subarray(start, start + bytes.readUInt32BE(start));
  };
  const codec = bytes.includes("hvcC") ? "hvc1" : "av01";
  const ispe = boxAt("ispe");
  return {
    width: ispe.readUInt32BE(12),
    height: ispe.readUInt32BE(16),
    configuration: boxAt(codec === "hvc1" ? "hvcC" : "av1C"),
    codec,
    data: boxAt("mdat").subarray(8),
  };
}

/** A file whose image is a grid of equal tiles, as phones write it (ISO/IEC 23008-12, 6.6.2.3). */
export function gridOf(
  tile: CodedImage,
  size: { readonly width: number; readonly height: number },
  properties: readonly ItemProperty[] = [],
): Uint8Array<ArrayBuffer> {
  const columns = Math.ceil(size.width / tile.width);
  const rows = Math.ceil(size.height / tile.height);
  const tiles = columns * rows;
  const short = (value: number) => [value >> 8, value & 255];
  const grid = [0, 1, rows - 1, columns - 1, ...words(size.width, size.height)];
  const full = (version = 0, flags = 0) => [version, 0, 0, flags];
  const item = (id: number, type: string, hidden: boolean) =>
    box("infe", [...full(2, hidden ? 1 : 0), ...short(id), 0, 0, ...letters(type), 0]);
  const ispe = (width: number, height: number) => box("ispe", [...full(), ...words(width, height)]);
  const own = properties.map(({ type, content }) => box(type, content));
  const ids = Array.from({ length: tiles }, (_, i) => i + 2);
  const brand = tile.codec === "hvc1" ? "heic" : "avif";
  const head = box("ftyp", [...letters(brand), 0, 0, 0, 0, ...letters(`mif1${brand}miaf`)]);
  /** The grid's own data, then those of a tile, which all of them share. */
  const meta = (at: number) =>
    box("meta", [
      ...full(),
      ...box("hdlr", [...full(), 0, 0, 0, 0, ...letters("pict"), ...new Array(13).fill(0)]),
      ...box("pitm", [...full(), ...short(1)]),
      ...box("iinf", [
        ...full(),
        ...short(1 + tiles),
        ...item(1, "grid", false),
        ...ids.flatMap((id) => item(id, tile.codec, true)),
      ]),
      ...box("iref", [
        ...full(),
        ...box("dimg", [...short(1), ...short(tiles), ...ids.flatMap(short)]),
      ]),
      ...box("iprp", [
        ...box("ipco", [
          ...ispe(size.width, size.height),
          ...ispe(tile.width, tile.height),
          ...tile.configuration,
          ...box("pixi", [...full(), 3, 8, 8, 8]),
          ...own.flat(),
        ]),
        ...box("ipma", [
          ...full(),
          ...words(1 + tiles),
          ...short(1),
          2 + own.length,
          1,
          4,
          ...own.map((_, i) => 0x80 | (5 + i)),
          ...ids.flatMap((id) => [...short(id), 3, 2, 0x83, 4]),
        ]),
      ]),
      ...box("iloc", [
        ...full(),
        0x44,
        0,
        ...short(1 + tiles),
        ...[...short(1), ...short(0), ...short(1), ...words(at, grid.length)],
        ...ids.flatMap((id) => [
          ...short(id),
          ...short(0),
          ...short(1),
          ...words(at + grid.length, tile.data.length),
        ]),
      ]),
    ]);
  const start = head.length + meta(0).length + 8;
  return Uint8Array.from([...head, ...meta(start), ...box("mdat", [...grid, ...tile.data])]);
}

function box(type: string, content: readonly number[]): number[] {
  return [...words(8 + content.length), ...letters(type), ...content];
}

function letters(text: string): number[] {
  return [...Buffer.from(text, "latin1")];
}
