import {
  type Colour,
  type Extent,
  extentOf,
  type Layout,
  parseCanvas,
  parseColour,
  parseMargin,
} from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import type { ImageResult } from "../../group/index.ts";
import type { Options } from "../schemas/request.ts";

/** The look of a cut-out on a canvas. */
export interface StudioLook extends Layout {
  readonly scale: "set" | "each";
  /** A colour, or the SHA-256 of a stored photograph. Undefined: transparent. */
  readonly background: Colour | string | undefined;
  readonly shadow: boolean;
  /** Sizes of the group's objects, if they keep their relative sizes. */
  readonly extent?: Extent | undefined;
}

type Asked = Pick<Options, (typeof NAMES)[number]>;

const NAMES = ["canvas", "margin", "align", "scale", "background", "shadow"] as const;

/** Minimum presence of a photograph that shows the object. */
const PRESENT = 0.5;

/**
 * Reads the look from a request. Undefined without `canvas`.
 *
 * @throws CosalError option_invalid for the other parameters without `canvas`
 */
export function studioLook(asked: Asked): StudioLook | undefined {
  const { align = "center", scale = "set", shadow = false } = asked;
  if (asked.canvas === undefined) {
    const other = NAMES.find((name) => asked[name] !== undefined);
    if (other === undefined) return undefined;
    throw new CosalError("option_invalid", `${other} needs a canvas, such as canvas=1200x1200.`);
  }
  const canvas = parseCanvas(asked.canvas);
  const margin = parseMargin(asked.margin ?? "8%");
  if (canvas === undefined || margin === undefined) throw new Error("not what the schema takes");
  const { background = "transparent" } = asked;
  return { canvas, margin, align, scale, shadow, background: backgroundOf(background) };
}

function backgroundOf(text: string): StudioLook["background"] {
  if (text === "transparent") return undefined;
  return text.length === 64 ? text.toLowerCase() : parseColour(text);
}

/** The canonical query of a picture's URL. Empty without a canvas. */
export function studioParameters(variant: {
  readonly studio?: StudioLook | undefined;
}): [string, string][] {
  const look = variant.studio;
  if (look === undefined) return [];
  const { canvas, margin, align, scale, background, shadow } = look;
  return [
    ["canvas", `${canvas.width}x${canvas.height}`],
    ...(margin !== 0.08 ? [["margin", `${Number((100 * margin).toFixed(3))}%`] as const] : []),
    ...(align !== "center" ? [["align", align] as const] : []),
    ...(scale !== "set" ? [["scale", scale] as const] : []),
    ...(background !== undefined ? [["background", textOf(background)] as const] : []),
    ...(shadow ? [["shadow", "true"] as const] : []),
  ].map(([name, value]) => [name as string, value as string]);
}

function textOf(background: Colour | string): string {
  if (typeof background === "string") return background;
  return `#${background.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** Whether a picture of the object is available for a photograph. */
export function showsObject({ presence, box }: Pick<ImageResult, "presence" | "box">): boolean {
  return box !== null && presence >= PRESENT;
}

/** The look with the sizes of the group's objects, if they keep their relative sizes. */
export function lookOfGroup(look: StudioLook, images: readonly ImageResult[]): StudioLook {
  if (look.scale === "each") return look;
  const subjects = images
    .filter(showsObject)
    .flatMap(({ width, height, box }) => (box === null ? [] : [{ width, height, box }]));
  return { ...look, extent: extentOf(subjects) };
}
