import { CosalError } from "../../errors.ts";
import { broken } from "../header/bytes.ts";
import { MARKER, type Segment } from "./markers.ts";

/** A frame's component: grey, or one of three or four colours (ITU-T T.81, B.2.2). */
export interface Component {
  readonly id: number;
  /** Sampling factors, 1 to 4: its samples on each axis, relative to the other components'. */
  readonly across: number;
  readonly down: number;
  /** Which quantisation table it uses, 0 to 3. */
  readonly quantisation: number;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
  /** The largest sampling factors: blocks of 8 x 8 that an MCU has on each axis. */
  readonly across: number;
  readonly down: number;
  readonly progressive: boolean;
}

/** What the other start-of-frame markers stand for, of which browsers show none. */
const UNSUPPORTED: Readonly<Record<number, string>> = {
  195: "lossless",
  197: "hierarchical",
  198: "hierarchical and progressive",
  199: "hierarchical and lossless",
  201: "arithmetic-coded",
  202: "arithmetic-coded and progressive",
  203: "arithmetic-coded and lossless",
  205: "arithmetic-coded and hierarchical",
  206: "arithmetic-coded, hierarchical and progressive",
  207: "arithmetic-coded, hierarchical and lossless",
};

/** @throws CosalError image_type_unsupported, image_undecodable */
export function readFrame(bytes: Uint8Array, { marker, start, end }: Segment): Frame {
  const process = UNSUPPORTED[marker];
  if (process !== undefined) throw unsupported(`is ${process}`);
  const header = bytes.subarray(start, end);
  const [precision, h1, h0, w1, w0, count] = header;
  if (count === undefined || header.length < 6 + 3 * count) {
    throw broken("JPEG", "its frame header is too short");
  }
  if (precision !== 8) throw unsupported(`has ${precision} bits per sample`);
  if (count !== 1 && count !== 3 && count !== 4) throw unsupported(`has ${count} components`);
  const components = Array.from({ length: count }, (_, i): Component => {
    const [id, factors, quantisation] = header.subarray(6 + 3 * i) as unknown as number[];
    const across = (factors as number) >> 4;
    const down = (factors as number) & 15;
    if (across < 1 || across > 4 || down < 1 || down > 4) {
      throw broken("JPEG", "its sampling factors are not 1 to 4");
    }
    return { id: id as number, across, down, quantisation: quantisation as number };
  });
  const frame = {
    width: ((w1 as number) << 8) | (w0 as number),
    height: ((h1 as number) << 8) | (h0 as number),
    components,
    across: Math.max(...components.map(({ across }) => across)),
    down: Math.max(...components.map(({ down }) => down)),
    progressive: marker === MARKER.SOF2,
  };
  const isWhole = components.every(
    ({ across, down }) => frame.across % across === 0 && frame.down % down === 0,
  );
  if (!isWhole) {
    const factors = components.map(({ across, down }) => `${across}x${down}`).join(", ");
    throw unsupported(`has components of ${factors} samples, which are no multiples of each other`);
  }
  return frame;
}

/** An error that says what the JPEG is, and what to do. */
export function unsupported(what: string): CosalError {
  return new CosalError(
    "image_type_unsupported",
    `The JPEG ${what}, which browsers do not show either: save it as a baseline or progressive JPEG of 8 bits.`,
  );
}

/** Samples of all components for each pixel: 1.5 when colour has half of the resolution. */
export function samplesPerPixel({ components, across, down }: Frame): number {
  return components.reduce((sum, part) => sum + part.across * part.down, 0) / (across * down);
}

/** Blocks that a component has on each axis: by itself, and filled up to whole MCUs. */
export function blocksOf(frame: Frame, { across, down }: Component) {
  const blocks = (pixels: number, factor: number, largest: number) =>
    Math.ceil(Math.ceil((pixels * factor) / largest) / 8);
  const { mcusAcross, mcusDown } = mcusOf(frame);
  return {
    across: blocks(frame.width, across, frame.across),
    down: blocks(frame.height, down, frame.down),
    storedAcross: mcusAcross * across,
    storedDown: mcusDown * down,
  };
}

export function mcusOf({ width, height, across, down }: Frame) {
  return {
    mcusAcross: Math.ceil(width / (8 * across)),
    mcusDown: Math.ceil(height / (8 * down)),
  };
}
