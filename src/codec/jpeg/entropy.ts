import { broken } from "../header/bytes.ts";
import { type Component, type Frame, mcusOf } from "./frame.ts";
import { BitReader, huffmanTable, type TableContent } from "./huffman.ts";
import { MARKER, type Segment } from "./markers.ts";
import { Plane } from "./plane.ts";
import { progressiveDecoder } from "./progressive.ts";
import { type BlockDecoder, type ScanPart, sequentialDecoder } from "./sequential.ts";
import { STANDARD_TABLES } from "./standard-tables.ts";
import type { Scan, Structure } from "./structure.ts";

/**
 * Checks that all entropy-coded data of an image are there: every MCU of every scan, in restart
 * intervals of the right length and order. What is missing libjpeg fills with grey, as browsers do.
 *
 * @throws CosalError image_undecodable
 */
export function checkEntropy(bytes: Uint8Array, structure: Structure): void {
  const { frame } = structure;
  const nothing = { across: 0, down: 0 };
  decodeScans(
    bytes,
    structure,
    frame.components.map((component) => new Plane(frame, component, nothing)),
  );
}

/**
 * Decodes all scans into the planes, one for each component.
 *
 * @returns the quantisation table of each component, in zigzag order
 *
 * @throws CosalError image_undecodable
 */
export function decodeScans(
  bytes: Uint8Array,
  { frame, scans }: Structure,
  planes: readonly Plane[],
): readonly Uint16Array[] {
  const tables = new Tables();
  const quantisation: Uint16Array[] = [];
  for (const scan of scans) {
    for (const segment of scan.tables) tables.read(bytes, segment);
    const parts = scan.components.map(({ index, dcTable, acTable }): ScanPart => {
      // A component keeps what its table was at its first scan.
      const component = frame.components[index] as Component;
      const table = tables.quantisation[component.quantisation];
      if (!table) throw broken("JPEG", "a quantisation table is missing");
      quantisation[index] ??= table;
      const plane = planes[index] as Plane;
      const dc = scan.first === 0 && scan.high === 0 ? tables.dc[dcTable] : undefined;
      const ac = scan.last > 0 ? tables.ac[acTable] : undefined;
      return {
        ...{ component, plane, prediction: 0 },
        ...{ dc: dc && huffmanTable(dc), ac: ac && huffmanTable(ac) },
      };
    });
    decodeScan(bytes, frame, scan, parts, tables.interval);
  }
  return quantisation;
}

function decodeScan(
  bytes: Uint8Array,
  frame: Frame,
  scan: Scan,
  parts: readonly ScanPart[],
  interval: number,
): void {
  const reader = new BitReader(bytes, scan.start, scan.end);
  const decoder = frame.progressive ? progressiveDecoder(reader, scan) : sequentialDecoder(reader);
  const units = new Units(reader, decoder, parts, interval);
  const [only] = parts as [ScanPart];
  if (parts.length === 1) {
    const { across, down, storedAcross } = only.plane;
    for (let unit = 0; unit < across * down; ) {
      units.next(unit);
      const empty = decoder.decode(
        only,
        Math.floor(unit / across) * storedAcross + (unit % across),
      );
      unit += 1 + Math.min(empty, units.leftInInterval(unit));
    }
    return;
  }
  const { mcusAcross, mcusDown } = mcusOf(frame);
  for (let row = 0; row < mcusDown; row++) {
    for (let column = 0; column < mcusAcross; column++) {
      units.next(row * mcusAcross + column);
      for (const part of parts) {
        const { across, down } = part.component;
        for (let y = row * down; y < (row + 1) * down; y++) {
          for (let x = column * across; x < (column + 1) * across; x++) {
            decoder.decode(part, y * part.plane.storedAcross + x);
          }
        }
      }
    }
  }
}

/** Counts a scan's units, MCUs or blocks of its only component, and restarts between intervals. */
class Units {
  private readonly reader: BitReader;
  private readonly decoder: BlockDecoder;
  private readonly parts: readonly ScanPart[];
  private readonly interval: number;
  /** The first unit of the next interval. */
  private end: number;

  constructor(
    reader: BitReader,
    decoder: BlockDecoder,
    parts: readonly ScanPart[],
    interval: number,
  ) {
    this.reader = reader;
    this.decoder = decoder;
    this.parts = parts;
    this.interval = interval;
    this.end = interval || Number.POSITIVE_INFINITY;
  }

  next(unit: number): void {
    if (unit < this.end) return;
    this.reader.restart((this.end / this.interval - 1) & 7);
    for (const part of this.parts) part.prediction = 0;
    this.decoder.restart();
    this.end += this.interval;
  }

  leftInInterval(unit: number): number {
    return this.end - unit - 1;
  }
}

/** A file's tables as they are at a scan: a later one takes the place of one of the same number. */
class Tables {
  readonly dc: TableContent[] = [...STANDARD_TABLES.dc];
  readonly ac: TableContent[] = [...STANDARD_TABLES.ac];
  readonly quantisation: Uint16Array[] = [];
  /** MCUs between two restarts, or 0. */
  interval = 0;

  read(bytes: Uint8Array, { marker, start, end }: Segment): void {
    const content = bytes.subarray(start, end);
    if (marker === MARKER.DHT) this.readHuffman(content);
    else if (marker === MARKER.DQT) this.readQuantisation(content);
    else this.interval = ((content[0] ?? 0) << 8) | (content[1] ?? 0);
  }

  private readHuffman(content: Uint8Array): void {
    for (let offset = 0; offset < content.length; ) {
      const selector = content[offset] as number;
      const counts = content.subarray(offset + 1, offset + 17);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const next = offset + 17 + total;
      if (counts.length < 16 || next > content.length) {
        throw broken("JPEG", "a Huffman table is too short");
      }
      const tables = selector >> 4 === 0 ? this.dc : this.ac;
      tables[selector & 15] = { counts, symbols: content.subarray(offset + 17, next) };
      offset = next;
    }
  }

  private readQuantisation(content: Uint8Array): void {
    for (let offset = 0; offset < content.length; ) {
      const selector = content[offset] as number;
      const width = selector >> 4 === 0 ? 1 : 2;
      const next = offset + 1 + 64 * width;
      if (next > content.length) throw broken("JPEG", "a quantisation table is too short");
      const values = content.subarray(offset + 1, next);
      this.quantisation[selector & 15] = Uint16Array.from({ length: 64 }, (_, k) =>
        width === 1
          ? (values[k] as number)
          : ((values[2 * k] as number) << 8) | (values[2 * k + 1] as number),
      );
      offset = next;
    }
  }
}
