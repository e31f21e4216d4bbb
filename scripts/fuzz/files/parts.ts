import { MARKER, nextSegment } from "../../../src/codec/jpeg/markers.ts";

export type FileType = "jpeg" | "png" | "webp" | "avif";

/** A file cut at its markers, chunks or boxes: joined, the parts are the file. */
export function partsOf(file: Uint8Array, type: FileType): Uint8Array[] {
  const places = [0, ...startsOf(file, type), file.length];
  return places.slice(1).map((end, i) => file.subarray(places[i], end));
}

function startsOf(file: Uint8Array, type: FileType): number[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const starts: number[] = [];
  switch (type) {
    case "png":
      for (let at = 8; at + 8 <= file.length; at += 12 + view.getUint32(at)) starts.push(at);
      break;
    case "webp":
      for (let at = 12; at + 8 <= file.length; ) {
        starts.push(at);
        const length = view.getUint32(at + 4, true);
        at += 8 + length + (length & 1);
      }
      break;
    case "avif":
      // The boxes of the description too, below meta, iprp and ipco.
      for (const name of ["meta", "hdlr", "pitm", "iloc", "iinf", "iprp", "ipma", "mdat"]) {
        starts.push(Buffer.from(file).indexOf(name) - 4);
      }
      for (const name of ["ispe", "pixi", "av1C", "colr"]) {
        starts.push(Buffer.from(file).indexOf(name) - 4);
      }
      break;
    case "jpeg":
      for (let at = 2; ; ) {
        const segment = nextSegment(file, at);
        if (segment === undefined) break;
        starts.push(Buffer.from(file).indexOf(Buffer.of(0xff, segment.marker), at));
        if (segment.marker === MARKER.SOS) break;
        at = segment.end;
      }
  }
  return starts.filter((at) => at > 0).sort((a, b) => a - b);
}
