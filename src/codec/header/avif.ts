import type { Orientation } from "../types.ts";
import { broken, fourCC, truncated, viewOf } from "./bytes.ts";
import type { StoredImage } from "./stored-image.ts";

/**
 * What `irot` (quarter turns anticlockwise) and then `imir` do, as an EXIF orientation. HEIF says
 * that readers follow these properties and not the EXIF tag (ISO/IEC 23008-12, 6.5.10, 6.5.12).
 */
const NOT_MIRRORED: readonly Orientation[] = [1, 8, 3, 6];
const TOP_TO_BOTTOM: readonly Orientation[] = [4, 5, 2, 7];
const LEFT_TO_RIGHT: readonly Orientation[] = [2, 7, 4, 5];

export function isAvif(bytes: Uint8Array): boolean {
  if (bytes.length < 16) return false;
  const view = viewOf(bytes);
  if (fourCC(view, 4) !== "ftyp") return false;
  const end = Math.min(view.getUint32(0), bytes.length);
  for (let offset = 8; offset + 4 <= end; offset += 4) {
    const brand = fourCC(view, offset);
    if (brand === "avif" || brand === "avis") return true;
  }
  return false;
}

/** Size and orientation of the primary item: boxes meta/pitm, meta/iprp/ipco and meta/iprp/ipma. */
export function readAvif(bytes: Uint8Array): StoredImage {
  try {
    const view = viewOf(bytes);
    const meta = find(boxes(view, 0, bytes.length), "meta");
    const children = boxes(view, meta.start + 4, meta.end);
    const primary = primaryItem(view, find(children, "pitm"));
    const iprp = find(children, "iprp");
    const tables = boxes(view, iprp.start, iprp.end);
    const ipco = find(tables, "ipco");
    const properties = boxes(view, ipco.start, ipco.end);
    let size: { width: number; height: number } | undefined;
    let turns = 0;
    let mirror = NOT_MIRRORED;
    for (const index of associations(view, find(tables, "ipma"), primary)) {
      const property = properties[index - 1];
      if (property?.type === "ispe") {
        size = {
          width: view.getUint32(property.start + 4),
          height: view.getUint32(property.start + 8),
        };
      } else if (property?.type === "irot") {
        turns = view.getUint8(property.start) & 3;
      } else if (property?.type === "imir") {
        mirror = view.getUint8(property.start) & 1 ? LEFT_TO_RIGHT : TOP_TO_BOTTOM;
      }
    }
    if (!size) throw broken("AVIF", "its image has no size");
    return { kind: "avif", ...size, orientation: mirror[turns] ?? 1 };
  } catch (error) {
    if (error instanceof RangeError) throw truncated("AVIF");
    throw error;
  }
}

interface IsoBox {
  readonly type: string;
  /** First byte after the box header. */
  readonly start: number;
  readonly end: number;
}

function boxes(view: DataView, start: number, end: number): IsoBox[] {
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
    if (size < header) throw broken("AVIF", "a box is shorter than its header");
    found.push({
      type: fourCC(view, offset + 4),
      start: offset + header,
      end: Math.min(offset + size, end),
    });
    offset += size;
  }
  return found;
}

function find(list: readonly IsoBox[], type: string): IsoBox {
  const box = list.find((candidate) => candidate.type === type);
  if (!box) throw broken("AVIF", `it has no ${type} box`);
  return box;
}

function primaryItem(view: DataView, pitm: IsoBox): number {
  const version = view.getUint8(pitm.start);
  return version === 0 ? view.getUint16(pitm.start + 4) : view.getUint32(pitm.start + 4);
}

/** Indices, from 1, of the item's properties in ipco (ISO/IEC 23008-12, 9.3.1). */
function associations(view: DataView, ipma: IsoBox, item: number): number[] {
  const version = view.getUint8(ipma.start);
  const wide = view.getUint8(ipma.start + 3) & 1;
  const entries = view.getUint32(ipma.start + 4);
  let offset = ipma.start + 8;
  for (let i = 0; i < entries && offset < ipma.end; i++) {
    const id = version === 0 ? view.getUint16(offset) : view.getUint32(offset);
    offset += version === 0 ? 2 : 4;
    const count = view.getUint8(offset++);
    if (id === item) {
      return Array.from({ length: count }, (_, n) =>
        wide ? view.getUint16(offset + 2 * n) & 0x7fff : view.getUint8(offset + n) & 0x7f,
      );
    }
    offset += wide ? 2 * count : count;
  }
  return [];
}
