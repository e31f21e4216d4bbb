import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type Colour,
  type Layout,
  MAX_CANVAS_SIDE,
  MIN_CANVAS_SIDE,
  parseCanvas,
  parseColour,
  parseMargin,
} from "../../codec/index.ts";
import { UsageError } from "../usage-error.ts";

/** As they are typed. */
export interface StudioArguments {
  readonly canvas?: string | undefined;
  readonly margin?: string | undefined;
  readonly align?: "center" | "bottom" | undefined;
  readonly scale?: "set" | "each" | undefined;
  readonly background?: string | undefined;
  readonly shadow?: boolean | undefined;
}

/** How the pictures of a studio set look. Plain values, fit to be sent to a thread. */
export interface StudioSettings extends Layout {
  readonly scale: "set" | "each";
  /** Undefined is transparent. */
  readonly background?: Colour | { readonly path: string; readonly modified: number };
  readonly shadow: boolean;
}

/** Whether one of the options is given. */
export function isStudio({ canvas, margin, align, scale, background, shadow }: StudioArguments) {
  return [canvas, margin, align, scale, background, shadow].some((value) => value !== undefined);
}

/** @throws UsageError for what cannot be read, with an example */
export async function readStudio(args: StudioArguments): Promise<StudioSettings> {
  const { align = "center", scale = "set", shadow = false } = args;
  const canvas = parseCanvas(args.canvas ?? "1200x1200");
  if (canvas === undefined) {
    throw new UsageError(
      `Expected --canvas 1200x1200, sides of ${MIN_CANVAS_SIDE} to ${MAX_CANVAS_SIDE} pixels, but received ${args.canvas}`,
    );
  }
  const margin = parseMargin(args.margin ?? "8%");
  if (margin === undefined) {
    throw new UsageError(`Expected --margin 8%, less than 50%, but received ${args.margin}`);
  }
  const background = await readBackground(args.background ?? "transparent");
  return { canvas, margin, align, scale, shadow, ...(background && { background }) };
}

async function readBackground(text: string): Promise<StudioSettings["background"]> {
  if (text === "transparent") return undefined;
  const colour = parseColour(text);
  const file = await stat(text).catch(() => undefined);
  if (file?.isFile()) return { path: resolve(text), modified: file.mtimeMs };
  if (colour !== undefined) return colour;
  throw new UsageError(
    `Expected --background '#ffffff', transparent, or a picture file, but received ${text}`,
  );
}
