import { broken, truncated } from "../header/bytes.ts";
import { Applications } from "./applications.ts";
import type { ColourModel } from "./colours.ts";
import { blocksOf, type Component, type Frame, readFrame, unsupported } from "./frame.ts";
import { endOfData, isFrame, isRestart, MARKER, nextSegment, type Segment } from "./markers.ts";

/** A pass over the image, or over one of its components. */
export interface Scan {
  /** Places of its components in the frame, and the Huffman tables that each uses. */
  readonly components: readonly {
    readonly index: number;
    readonly dcTable: number;
    readonly acTable: number;
  }[];
  /** First and last coefficient, 0 to 63 in zigzag order (ITU-T T.81, G.1.1.1). */
  readonly first: number;
  readonly last: number;
  /** Bits that are still to come: in the scans before this one, and after it. */
  readonly high: number;
  readonly low: number;
  /** Its entropy-coded data. */
  readonly start: number;
  readonly end: number;
  /** Tables and intervals (DHT, DQT, DRI) that stand between the scan before and this one. */
  readonly tables: readonly Segment[];
}

/** How a JPEG file is built, as far as its decoder reads it. */
export interface Structure {
  readonly frame: Frame;
  readonly scans: readonly Scan[];
  /** The first Exif segment's TIFF structure. */
  readonly exif: Uint8Array | undefined;
  readonly colours: ColourModel;
  /** Where the image ends: at its EOI, or where no more of it can be read. */
  readonly end: number;
}

/** Encoders make about ten; a file of 16 MiB has room for a million. */
const MAX_SCANS = 100;
/** Segments with tables before a scan, where a scan uses eight tables. */
const MAX_TABLES = 100;

/**
 * The marker segments of a JPEG file (ITU-T T.81, B.1.1). No entropy-coded data are decoded, and
 * whether they are there in full is not looked at (`checkEntropy`).
 *
 * A sequential image ends when all components have been scanned, a progressive one at EOI, or when
 * all bits of all coefficients are there: what follows may be anything.
 *
 * @throws CosalError image_type_unsupported, image_undecodable
 */
export function readStructure(bytes: Uint8Array): Structure {
  const scans: Scan[] = [];
  let tables: Segment[] = [];
  let frame: Frame | undefined;
  let bits: RemainingBits | undefined;
  const applications = new Applications();
  for (let offset = 2; ; ) {
    const segment = nextSegment(bytes, offset);
    const isWhole = segment !== undefined && segment.end <= bytes.length;
    const isReadable = isWhole && isKnown(segment.marker) && !(frame && isFrame(segment.marker));
    if (!isReadable || segment.marker === MARKER.EOI) {
      if (!frame || !bits) throw isWhole ? broken("JPEG", "it has no image") : truncated("JPEG");
      bits.check(segment?.marker === MARKER.EOI);
      return { frame, scans, end: offset, ...applications.meaning(frame) };
    }
    const { marker } = segment;
    offset = segment.end;
    if (isFrame(marker)) {
      frame = readFrame(bytes, segment);
      bits = new RemainingBits(frame);
    } else if (marker === MARKER.SOS) {
      if (!frame || !bits) throw broken("JPEG", "its scan comes before its frame");
      offset = endOfData(bytes, segment.end);
      if (scans.length === MAX_SCANS) throw broken("JPEG", `it has more than ${MAX_SCANS} scans`);
      const scan = readScan(bytes, segment, frame, tables, offset);
      scans.push(scan);
      tables = [];
      bits.take(scan);
      if (!frame.progressive && bits.isComplete) {
        return { frame, scans, end: offset, ...applications.meaning(frame) };
      }
    } else if (marker === MARKER.DHP) {
      throw unsupported("is hierarchical");
    } else if ([MARKER.DHT, MARKER.DQT, MARKER.DRI].includes(marker as 0xc4)) {
      tables.push(segment);
      if (tables.length > MAX_TABLES) throw broken("JPEG", "it has too many tables");
    } else if (scans.length === 0) {
      applications.read(marker, bytes.subarray(segment.start, segment.end));
    }
  }
}

/** Whether a pixel is complete in one scan; otherwise all coefficients are kept to the end. */
export function isRowByRow({ frame, scans }: Structure): boolean {
  return !frame.progressive && scans.length === 1;
}

/** Blocks of 8 x 8 that the scans go through, those of all scans together. */
export function scannedBlocks({ frame, scans }: Structure): number {
  let sum = 0;
  for (const { components } of scans) {
    for (const { index } of components) {
      const blocks = blocksOf(frame, frame.components[index] as Component);
      const isAlone = components.length === 1;
      sum += isAlone ? blocks.across * blocks.down : blocks.storedAcross * blocks.storedDown;
    }
  }
  return sum;
}

const KNOWN: readonly number[] = [
  ...[MARKER.DHT, MARKER.DAC, MARKER.DQT, MARKER.DRI, MARKER.DNL, MARKER.DHP],
  ...[MARKER.SOS, MARKER.EOI, MARKER.COM, MARKER.TEM],
];

/** Whether libjpeg knows it; at another marker it gives up, and so does a browser. */
function isKnown(marker: number): boolean {
  const isApplication = marker >= MARKER.APP0 && marker <= MARKER.APP15;
  return isApplication || isFrame(marker) || isRestart(marker) || KNOWN.includes(marker);
}

function readScan(
  bytes: Uint8Array,
  segment: Segment,
  frame: Frame,
  tables: readonly Segment[],
  end: number,
): Scan {
  const header = bytes.subarray(segment.start, segment.end);
  const count = header[0] ?? 0;
  if (count < 1 || count > 4 || header.length < 4 + 2 * count) {
    throw broken("JPEG", "a scan header is too short");
  }
  const taken = new Set<number>();
  const components = Array.from({ length: count }, (_, i) => {
    const id = header[1 + 2 * i];
    const index = frame.components.findIndex((part, k) => part.id === id && !taken.has(k));
    if (index < 0) throw broken("JPEG", "a scan is of a component that the frame does not have");
    taken.add(index);
    const selectors = header[2 + 2 * i] as number;
    return { index, dcTable: selectors >> 4, acTable: selectors & 15 };
  });
  const [first, last, bits] = header.subarray(1 + 2 * count) as unknown as [number, number, number];
  const place = { components, start: segment.end, end, tables };
  // Some cameras write other numbers here, which have no meaning when a scan has everything.
  if (!frame.progressive) return { ...place, first: 0, last: 63, high: 0, low: 0 };
  const [high, low] = [bits >> 4, bits & 15];
  const isDc = first === 0 && last === 0;
  const isAc = first > 0 && last >= first && last <= 63 && count === 1;
  if (!(isDc || isAc) || low > 13 || (high !== 0 && high !== low + 1)) {
    throw broken("JPEG", "the parameters of a progressive scan are wrong");
  }
  return { ...place, first, last, high, low };
}

/** For each coefficient of each component, how many bits the scans so far have left out. */
class RemainingBits {
  private readonly bits: readonly Int8Array[];

  constructor({ components }: Frame) {
    this.bits = components.map(() => new Int8Array(64).fill(NOTHING));
  }

  take({ components, first, last, low }: Scan): void {
    for (const { index } of components) this.bits[index]?.fill(low, first, last + 1);
  }

  /** Whether all bits of all coefficients are there. */
  get isComplete(): boolean {
    return this.bits.every((component) => component.every((bits) => bits === 0));
  }

  /**
   * Checks that there is an image. A progressive one may end after any scan, and is coarse then, if
   * its end is marked.
   */
  check(hasEnd: boolean): void {
    if (this.isComplete || (hasEnd && this.bits.every(([dc]) => dc !== NOTHING))) return;
    throw truncated("JPEG");
  }
}

const NOTHING = 127;
