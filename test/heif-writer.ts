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
