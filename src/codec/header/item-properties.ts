import { boxes, find, type IsoBox } from "./iso-boxes.ts";

/** That an item has a property. */
export interface Association {
  /** Place of the property in ipco, from 1. */
  readonly index: number;
  /** Whether who does not know it must not show the item. */
  readonly isEssential: boolean;
}

/** What a HEIF file says of its items: boxes meta, meta/pitm, meta/iprp/ipco, meta/iprp/ipma. */
export interface ItemProperties {
  readonly meta: IsoBox;
  /** Identity of the item that is shown. */
  readonly primary: number;
  /** The boxes in ipco. */
  readonly properties: readonly IsoBox[];
  /** By an item's identity, in the order in which the file names them. */
  readonly associations: ReadonlyMap<number, readonly Association[]>;
}

/** @throws RangeError where something of it is missing */
export function readItemProperties(view: DataView): ItemProperties {
  const meta = find(boxes(view, 0, view.byteLength), "meta");
  const children = boxes(view, meta.start + 4, meta.end);
  const iprp = find(children, "iprp");
  const tables = boxes(view, iprp.start, iprp.end);
  const ipco = find(tables, "ipco");
  return {
    meta,
    primary: primaryItem(view, find(children, "pitm")),
    properties: boxes(view, ipco.start, ipco.end),
    associations: readAssociations(view, find(tables, "ipma")),
  };
}

function primaryItem(view: DataView, pitm: IsoBox): number {
  const version = view.getUint8(pitm.start);
  return version === 0 ? view.getUint16(pitm.start + 4) : view.getUint32(pitm.start + 4);
}

/** ISO/IEC 23008-12, 9.3.1. */
function readAssociations(view: DataView, ipma: IsoBox): Map<number, Association[]> {
  const version = view.getUint8(ipma.start);
  const isWide = (view.getUint8(ipma.start + 3) & 1) === 1;
  const entries = view.getUint32(ipma.start + 4);
  const found = new Map<number, Association[]>();
  let offset = ipma.start + 8;
  for (let i = 0; i < entries && offset < ipma.end; i++) {
    const id = version === 0 ? view.getUint16(offset) : view.getUint32(offset);
    offset += version === 0 ? 2 : 4;
    const associations: Association[] = [];
    for (let left = view.getUint8(offset++); left > 0; left--) {
      const value = isWide ? view.getUint16(offset) : view.getUint8(offset);
      offset += isWide ? 2 : 1;
      const top = isWide ? 0x8000 : 0x80;
      associations.push({ index: value & (top - 1), isEssential: value >= top });
    }
    if (!found.has(id)) found.set(id, associations);
  }
  return found;
}
