import type { Colour } from "./backdrop.ts";
import type { Size } from "./layout.ts";

/** Pixels of a canvas' side. */
export const MIN_CANVAS_SIDE = 16;
export const MAX_CANVAS_SIDE = 4096;

/** `1200x900`: a canvas' size; undefined for anything else, and for sides beyond the limits. */
export function parseCanvas(text: string): Size | undefined {
  const match = /^(\d{1,5})[x×](\d{1,5})$/i.exec(text);
  if (match === null) return undefined;
  const [width, height] = [Number(match[1]), Number(match[2])];
  const fits = (side: number) => side >= MIN_CANVAS_SIDE && side <= MAX_CANVAS_SIDE;
  return fits(width) && fits(height) ? { width, height } : undefined;
}

/** `8%`: a share of the canvas' shorter side, below half of it. */
export function parseMargin(text: string): number | undefined {
  const match = /^(\d{1,2}(?:\.\d{1,3})?)%$/.exec(text);
  const percent = Number(match?.[1] ?? Number.NaN);
  return percent < 50 ? percent / 100 : undefined;
}

/** `#fff`, `#1a2b3c`; the sign may be missing. */
export function parseColour(text: string): Colour | undefined {
  const match = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text);
  if (match === null) return undefined;
  const digits = match[1] as string;
  const all = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
  const value = Number.parseInt(all, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
