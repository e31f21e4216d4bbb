// A small writer of JPEG files for tests: any sampling, scans and restart intervals, made-up
// coefficients. Its Huffman codes all have the same length.
import { MARKER } from "../src/codec/jpeg/markers.ts";

/** A scan of a progressive script; without `last` one of all coefficients. */
export interface ScanScript {
  readonly components: readonly number[];
  readonly first?: number;
  readonly last?: number;
  readonly high?: number;
  readonly low?: number;
}

export interface JpegScript {
  readonly width: number;
  readonly height: number;
  /** Sampling factors of each component, across and down. */
  readonly sampling: readonly (readonly [number, number])[];
  readonly progressive?: boolean;
  /** One scan of everything when it is missing. */
  readonly scans?: readonly ScanScript[];
  /** MCUs between two restarts. */
  readonly interval?: number;
  readonly seed?: number;
  /** Segments before the frame; a JFIF header when they are missing. */
  readonly before?: readonly Uint8Array[];
}

/** The usual script of libjpeg for three components: ten scans. */
export const USUAL_SCRIPT: readonly ScanScript[] = [
  { components: [0, 1, 2], first: 0, last: 0, low: 1 },
  { components: [0], first: 1, last: 5, low: 2 },
  { components: [2], first: 1, last: 63, low: 1 },
  { components: [1], first: 1, last: 63, low: 1 },
  { components: [0], first: 6, last: 63, low: 2 },
  { components: [0], first: 1, last: 63, high: 2, low: 1 },
  { components: [0, 1, 2], first: 0, last: 0, high: 1, low: 0 },
  { components: [2], first: 1, last: 63, high: 1, low: 0 },
  { components: [1], first: 1, last: 63, high: 1, low: 0 },
  { components: [0], first: 1, last: 63, high: 1, low: 0 },
];

export const JFIF = segment(MARKER.APP0, ...[0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0]);

export function adobe(transform: number): Uint8Array {
  return segment(MARKER.APP14, ...[0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0], transform);
}

/** A marker and its parameters. */
export function segment(marker: number, ...content: readonly number[]): Uint8Array {
  const length = content.length + 2;
  return Uint8Array.of(0xff, marker, length >> 8, length & 255, ...content);
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

export function writeJpeg(script: JpegScript): Uint8Array<ArrayBuffer> {
  return concatenate(jpegParts(script));
}

/** The parts of a file: SOI, each segment, each restart interval's data, each RST, EOI. */
export function jpegParts(script: JpegScript): Uint8Array[] {
  const { width, height, sampling, progressive = false, interval = 0 } = script;
  const most = [0, 1].map((axis) =>
    Math.max(...sampling.map((factors) => factors[axis] as number)),
  );
  const [across, down] = most as [number, number];
  const mcus = {
    across: Math.ceil(width / (8 * across)),
    down: Math.ceil(height / (8 * down)),
  };
  const random = randomFrom(script.seed ?? 1);
  const planes = sampling.map(([h, v]): Plane => {
    const stride = mcus.across * h;
    return {
      factors: [h, v],
      across: Math.ceil(Math.ceil((width * h) / across) / 8),
      down: Math.ceil(Math.ceil((height * v) / down) / 8),
      stride,
      blocks: Array.from({ length: stride * mcus.down * v }, () => randomBlock(random)),
    };
  });
  const quantisation = Array.from({ length: 64 }, (_, k) => 4 + (k >> 2));
  const components = sampling.flatMap(([h, v], i) => [i + 1, (h << 4) | v, 0]);
  const parts = [
    Uint8Array.of(0xff, MARKER.SOI),
    ...(script.before ?? [JFIF]),
    segment(MARKER.DQT, 0, ...quantisation),
    segment(
      progressive ? MARKER.SOF2 : MARKER.SOF0,
      ...[8, height >> 8, height & 255, width >> 8, width & 255, sampling.length],
      ...components,
    ),
    segment(MARKER.DHT, 0x00, ...codeCounts(4, DC_SYMBOLS.length), ...DC_SYMBOLS),
    segment(MARKER.DHT, 0x10, ...codeCounts(8, AC_SYMBOLS.length), ...AC_SYMBOLS),
    ...(interval > 0 ? [segment(MARKER.DRI, interval >> 8, interval & 255)] : []),
  ];
  const everything: readonly ScanScript[] = [{ components: sampling.map((_, i) => i) }];
  for (const scan of script.scans ?? everything) {
    const { components, first = 0, last = progressive ? 0 : 63, high = 0, low = 0 } = scan;
    parts.push(
      segment(
        MARKER.SOS,
        components.length,
        ...components.flatMap((index) => [index + 1, 0]),
        ...[first, last, (high << 4) | low],
      ),
      ...scanData(planes, mcus, { components, first, last, high, low }, interval),
    );
  }
  return [...parts, Uint8Array.of(0xff, MARKER.EOI)];
}

interface Plane {
  readonly factors: readonly [number, number];
  readonly across: number;
  readonly down: number;
  readonly stride: number;
  /** Quantised coefficients in zigzag order. */
  readonly blocks: readonly Int16Array[];
}

function scanData(
  planes: readonly Plane[],
  mcus: { readonly across: number; readonly down: number },
  scan: Required<ScanScript>,
  interval: number,
): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let writer = new ScanWriter(scan);
  let unit = 0;
  const next = () => {
    if (interval > 0 && unit > 0 && unit % interval === 0) {
      parts.push(writer.end(), Uint8Array.of(0xff, MARKER.RST0 + ((unit / interval - 1) & 7)));
      writer = new ScanWriter(scan);
    }
    unit += 1;
  };
  const [only] = scan.components as [number];
  if (scan.components.length === 1) {
    const { across, down, stride, blocks } = planes[only] as Plane;
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        next();
        writer.block(only, blocks[y * stride + x] as Int16Array);
      }
    }
  } else {
    for (let mcu = 0; mcu < mcus.across * mcus.down; mcu++) {
      next();
      const [column, row] = [mcu % mcus.across, Math.floor(mcu / mcus.across)];
      for (const index of scan.components) {
        const { factors, stride, blocks } = planes[index] as Plane;
        for (let i = 0; i < factors[0] * factors[1]; i++) {
          const x = column * factors[0] + (i % factors[0]);
          const y = row * factors[1] + Math.floor(i / factors[0]);
          writer.block(index, blocks[y * stride + x] as Int16Array);
        }
      }
    }
  }
  return [...parts, writer.end()];
}

/** The data of one restart interval (ITU-T T.81, F.1.2 and G.1.2). */
class ScanWriter {
  private readonly scan: Required<ScanScript>;
  private readonly bytes: number[] = [];
  private pending = 0;
  private count = 0;
  private readonly predictions = new Map<number, number>();
  /** Blocks that end with nothing more, and the correction bits that belong to them. */
  private emptyBlocks = 0;
  private corrections: number[] = [];

  constructor(scan: Required<ScanScript>) {
    this.scan = scan;
  }

  block(component: number, coefficients: Int16Array): void {
    const { first, high, last } = this.scan;
    if (first === 0 && high === 0) this.dc(component, coefficients[0] as number);
    else if (first === 0) this.bits((coefficients[0] as number) >> this.scan.low, 1);
    if (last === 0) return;
    if (high === 0) this.ac(coefficients);
    else this.acRefinement(coefficients);
  }

  end(): Uint8Array {
    this.flushEmptyBlocks();
    while (this.count > 0) this.bits(1, 1);
    return Uint8Array.from(this.bytes);
  }

  private dc(component: number, coefficient: number): void {
    const value = coefficient >> this.scan.low;
    const difference = value - (this.predictions.get(component) ?? 0);
    this.predictions.set(component, value);
    const size = sizeOf(difference);
    this.bits(DC_SYMBOLS.indexOf(size), 4);
    this.bits(difference < 0 ? difference - 1 : difference, size);
  }

  private ac(coefficients: Int16Array): void {
    const { last } = this.scan;
    let run = 0;
    for (let k = Math.max(1, this.scan.first); k <= last; k++) {
      const value = this.shifted(coefficients[k] as number);
      if (value === 0) {
        run += 1;
        continue;
      }
      this.flushEmptyBlocks();
      for (; run > 15; run -= 16) this.symbol(0xf0);
      const size = sizeOf(value);
      this.symbol((run << 4) | size);
      this.bits(value < 0 ? value - 1 : value, size);
      run = 0;
    }
    if (run > 0) this.endBlock(coefficients, last + 1);
  }

  private acRefinement(coefficients: Int16Array): void {
    const { first, last } = this.scan;
    let lastNew = 0;
    for (let k = first; k <= last; k++) {
      if (Math.abs(this.shifted(coefficients[k] as number)) === 1) lastNew = k;
    }
    let run = 0;
    let corrections: number[] = [];
    let k = first;
    for (; k <= lastNew; k++) {
      const value = this.shifted(coefficients[k] as number);
      if (value === 0) {
        run += 1;
        if (run > 15) {
          // All before the sixteenth zero belongs to this run.
          this.flushEmptyBlocks();
          this.symbol(0xf0);
          for (const bit of corrections) this.bits(bit, 1);
          corrections = [];
          run = 0;
        }
      } else if (Math.abs(value) > 1) corrections.push(Math.abs(value) & 1);
      else {
        this.flushEmptyBlocks();
        this.symbol((run << 4) | 1);
        this.bits(value > 0 ? 1 : 0, 1);
        for (const bit of corrections) this.bits(bit, 1);
        corrections = [];
        run = 0;
      }
    }
    if (k <= last) this.endBlock(coefficients, k);
  }

  /** Nothing new from `k` on: an end of block, of which those of many blocks are written as one. */
  private endBlock(coefficients: Int16Array, k: number): void {
    this.emptyBlocks += 1;
    for (let at = k; at <= this.scan.last; at++) {
      const value = Math.abs(this.shifted(coefficients[at] as number));
      if (value > 1) this.corrections.push(value & 1);
    }
    const isSequential = this.scan.first === 0;
    if (isSequential || this.emptyBlocks === 0x7fff) this.flushEmptyBlocks();
  }

  private flushEmptyBlocks(): void {
    if (this.emptyBlocks === 0) return;
    const size = 31 - Math.clz32(this.emptyBlocks);
    this.symbol(size << 4);
    this.bits(this.emptyBlocks, size);
    for (const bit of this.corrections) this.bits(bit, 1);
    this.emptyBlocks = 0;
    this.corrections = [];
  }

  private shifted(coefficient: number): number {
    return Math.sign(coefficient) * (Math.abs(coefficient) >> this.scan.low);
  }

  private symbol(symbol: number): void {
    this.bits(AC_SYMBOLS.indexOf(symbol), 8);
  }

  /** The lowest bits of a number. */
  private bits(value: number, length: number): void {
    for (let i = length - 1; i >= 0; i--) {
      this.pending = (this.pending << 1) | ((value >> i) & 1);
      this.count += 1;
      if (this.count < 8) continue;
      this.bytes.push(this.pending);
      if (this.pending === 0xff) this.bytes.push(0);
      this.pending = 0;
      this.count = 0;
    }
  }
}

const DC_SYMBOLS = Array.from({ length: 12 }, (_, size) => size);
/** Runs of 0 to 15 zeros, sizes of 0 to 10 bits. */
const AC_SYMBOLS = Array.from({ length: 16 * 11 }, (_, i) => ((i % 16) << 4) | Math.floor(i / 16));

function codeCounts(length: number, codes: number): number[] {
  return Array.from({ length: 16 }, (_, i) => (i + 1 === length ? codes : 0));
}

/** Bits of a number without its sign. */
function sizeOf(value: number): number {
  return 32 - Math.clz32(Math.abs(value));
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Few coefficients, smaller the higher their frequency. */
function randomBlock(random: () => number): Int16Array {
  const block = new Int16Array(64);
  block[0] = Math.round(300 * (random() - 0.5));
  for (let k = 1; k < 64; k++) {
    if (random() < 2 / (k + 2)) block[k] = Math.round((60 / k + 3) * (random() - 0.5));
  }
  return block;
}
