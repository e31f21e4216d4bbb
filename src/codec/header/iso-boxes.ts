import { fourCC, viewOf } from "./bytes.ts";

/** A box of the ISO base media file format (ISO/IEC 14496-12, 4.2), which HEIF is made of. */
export interface IsoBox {
  readonly type: string;
  /** First byte of the box header, which begins with a length of 4 bytes and the type. */
  readonly offset: number;
  /** First byte after the box header. */
  readonly start: number;
  readonly end: number;
}

/** @throws RangeError where a box is cut off, or shorter than its header */
export function boxes(view: DataView, start: number, end: number): IsoBox[] {
  const found: IsoBox[] = [];
  for (let offset = start; offset + 8 <= end; ) {
    const length = view.getUint32(offset);
    const long = length === 1;
    const size = long
      ? Number(view.getBigUint64(offset + 8))
      : length === 0
        ? end - offset
        : length;
    const header = long ? 16 : 8;
    if (size < header) throw new RangeError("a box is shorter than its header");
    found.push({
      type: fourCC(view, offset + 4),
      offset,
      start: offset + header,
      end: Math.min(offset + size, end),
    });
    offset += size;
  }
  return found;
}

/** @throws RangeError where there is none */
export function find(list: readonly IsoBox[], type: string): IsoBox {
  const box = list.find((candidate) => candidate.type === type);
  if (!box) throw new RangeError(`there is no ${type} box`);
  return box;
}

/** Brands of the file, the major one first (4.3); none where it does not begin with a type box. */
export function brandsOf(bytes: Uint8Array): string[] {
  if (bytes.length < 16) return [];
  const view = viewOf(bytes);
  if (fourCC(view, 4) !== "ftyp") return [];
  const end = Math.min(view.getUint32(0), bytes.length);
  const brands: string[] = [];
  // Between the major brand and the compatible ones stands its version.
  for (let offset = 8; offset + 4 <= end; offset += offset === 8 ? 8 : 4) {
    brands.push(fourCC(view, offset));
  }
  return brands;
}
