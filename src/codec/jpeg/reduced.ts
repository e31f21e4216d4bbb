import type { Pixels } from "../types.ts";
import { toRgba } from "./colours.ts";
import { decodeScans } from "./entropy.ts";
import type { Component, Frame } from "./frame.ts";
import { Plane, ZIGZAG } from "./plane.ts";
import type { Structure } from "./structure.ts";

/**
 * An image at reduced scale. Only the lowest frequencies of each block are kept while its scans
 * come: at a quarter of its sides, a progressive photograph takes half a byte for each pixel, where
 * libjpeg, which keeps all coefficients, takes three.
 *
 * @param eighths the scale, 1 to 7: sides come at that many eighths, rounded up
 *
 * @throws CosalError image_undecodable
 */
export function decodeReduced(bytes: Uint8Array, structure: Structure, eighths: number): Pixels {
  const { frame, colours } = structure;
  const shapes = frame.components.map((component) => shapeOf(frame, component, eighths));
  const planes = frame.components.map((component, i) => {
    const { across, down } = shapes[i] as Shape;
    return new Plane(frame, component, { across: across.samples, down: down.samples });
  });
  const quantisation = decodeScans(bytes, structure, planes);
  const strips = planes.map(
    (plane, i) => new Strip(plane, shapes[i] as Shape, quantisation[i] as Uint16Array),
  );

  const width = Math.ceil((frame.width * eighths) / 8);
  const height = Math.ceil((frame.height * eighths) / 8);
  const data = new Uint8ClampedArray(4 * width * height);
  const rows = strips.map(() => new Uint8ClampedArray(width));
  const rowsOfStrip = frame.down * eighths;
  for (let y = 0; y < height; y++) {
    const within = y % rowsOfStrip;
    for (const [i, strip] of strips.entries()) {
      if (within === 0) strip.render(y / rowsOfStrip);
      strip.read(within, rows[i] as Uint8ClampedArray);
    }
    toRgba(colours, rows, data.subarray(4 * width * y, 4 * width * (y + 1)));
  }
  return { width, height, data };
}

/** An axis of a component: samples of each block, and how often each is repeated. */
interface Axis {
  readonly samples: number;
  readonly repeats: number;
}

interface Shape {
  readonly across: Axis;
  readonly down: Axis;
  /** Rows of blocks in a row of MCUs. */
  readonly blocksDown: number;
}

function shapeOf(frame: Frame, { across, down }: Component, eighths: number): Shape {
  return {
    across: axisOf((eighths * frame.across) / across),
    down: axisOf((eighths * frame.down) / down),
    blocksDown: down,
  };
}

/** A coarser component is reduced less, so that its blocks have as many samples as they cover. */
function axisOf(covered: number): Axis {
  const samples = [8, 7, 6, 5, 4, 3, 2, 1].find((n) => covered % n === 0) as number;
  return { samples, repeats: covered / samples };
}

/** The samples of a component in a row of MCUs. */
class Strip {
  private readonly plane: Plane;
  private readonly shape: Shape;
  /** Samples across. */
  private readonly stride: number;
  private readonly samples: Uint8ClampedArray;
  /** What the kept coefficients are multiplied by. */
  private readonly factors: Float32Array;
  private readonly transform: InverseTransform;

  constructor(plane: Plane, shape: Shape, quantisation: Uint16Array) {
    this.plane = plane;
    this.shape = shape;
    const { across, down } = plane.kept;
    this.stride = plane.storedAcross * across;
    this.samples = new Uint8ClampedArray(this.stride * down * shape.blocksDown);
    this.factors = new Float32Array(plane.size);
    for (let k = 0; k < ZIGZAG.length; k++) {
      const place = plane.places[k] as number;
      if (place >= 0) this.factors[place] = quantisation[k] as number;
    }
    this.transform = new InverseTransform(across, down);
  }

  /** Turns a row of MCUs into samples. */
  render(row: number): void {
    const { plane, shape, stride, samples, factors, transform } = this;
    const { across, down } = plane.kept;
    const first = row * shape.blocksDown * plane.storedAcross;
    for (let y = 0; y < shape.blocksDown; y++) {
      for (let x = 0; x < plane.storedAcross; x++) {
        const block = first + y * plane.storedAcross + x;
        transform.load(plane.values, block * plane.size, factors);
        transform.run(samples, y * down * stride + x * across, stride);
      }
    }
  }

  /** A row of the image. */
  read(y: number, row: Uint8ClampedArray): void {
    const { across, down } = this.shape;
    const start = Math.floor(y / down.repeats) * this.stride;
    if (across.repeats === 1) {
      row.set(this.samples.subarray(start, start + row.length));
      return;
    }
    for (let x = 0; x < row.length; x++) {
      row[x] = this.samples[start + Math.floor(x / across.repeats)] as number;
    }
  }
}

/** The inverse cosine transform of a block's lowest frequencies to as many samples. */
class InverseTransform {
  private readonly across: number;
  private readonly down: number;
  private readonly horizontal: Float32Array;
  private readonly vertical: Float32Array;
  private readonly coefficients: Float32Array;
  private readonly half: Float32Array;
  /** Columns and rows up to the last coefficient that is not 0: most have few. */
  private columns = 0;
  private rows = 0;

  constructor(across: number, down: number) {
    this.across = across;
    this.down = down;
    this.coefficients = new Float32Array(across * down);
    this.half = new Float32Array(across * down);
    this.horizontal = cosines(across);
    this.vertical = cosines(down);
  }

  /** Takes a block's coefficients, each times its factor. */
  load(values: Int16Array, start: number, factors: Float32Array): void {
    const { across, down, coefficients } = this;
    let columns = 1;
    let rows = 1;
    for (let row = 0, i = 0; row < down; row++) {
      for (let column = 0; column < across; column++, i++) {
        const value = values[start + i] as number;
        coefficients[i] = value * (factors[i] as number);
        if (value === 0) continue;
        if (column >= columns) columns = column + 1;
        rows = row + 1;
      }
    }
    this.columns = columns;
    this.rows = rows;
  }

  run(samples: Uint8ClampedArray, start: number, stride: number): void {
    const { across, down, columns, rows, coefficients, half, horizontal, vertical } = this;
    if (columns === 1 && rows === 1) {
      const mean = 128 + (coefficients[0] as number) / 8;
      for (let y = 0; y < down; y++) {
        for (let x = 0; x < across; x++) samples[start + y * stride + x] = mean;
      }
      return;
    }
    for (let row = 0; row < rows; row++) {
      for (let x = 0; x < across; x++) {
        let sum = 0;
        for (let k = 0; k < columns; k++) {
          sum +=
            (coefficients[row * across + k] as number) * (horizontal[x * across + k] as number);
        }
        half[row * across + x] = sum;
      }
    }
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        let sum = 128;
        for (let k = 0; k < rows; k++) {
          sum += (half[k * across + x] as number) * (vertical[y * down + k] as number);
        }
        samples[start + y * stride + x] = sum;
      }
    }
  }
}

/** `[sample * length + frequency]`, for coefficients of blocks of eight (ITU-T T.81, A.3.3). */
function cosines(length: number): Float32Array {
  return Float32Array.from({ length: length * length }, (_, i) => {
    const [sample, frequency] = [Math.floor(i / length), i % length];
    const scale = frequency === 0 ? Math.SQRT1_2 : 1;
    return (scale / 2) * Math.cos(((2 * sample + 1) * frequency * Math.PI) / (2 * length));
  });
}
