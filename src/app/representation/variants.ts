import { atModelSize, type MaskRecord } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import type { Options } from "../schemas/request.ts";
import { type StudioLook, studioLook, studioParameters } from "./studio.ts";

/** Kinds of an image's files. The path segment after the group. */
export type FileKind = "masks" | "cutouts" | "overlays";

/** Suffixes of files, each with its media type. */
const MASK_TYPES = {
  png: "image/png",
  webp: "image/webp",
  "binary.png": "image/png",
  "rle.json": "application/json",
  "polygons.json": "application/json",
  svg: "image/svg+xml",
  logits: "application/vnd.cosal.logits",
} as const;
const PICTURE_TYPES = { png: "image/png", webp: "image/webp" } as const;

export type Suffix = keyof typeof MASK_TYPES;

/** One way to render an image's mask. */
export interface Variant {
  readonly kind: FileKind;
  readonly suffix: Suffix;
  /** `source`, `model` or `WIDTHxHEIGHT`. */
  readonly size: string;
  readonly threshold: number;
  /** The look of a cut-out on a canvas. */
  readonly studio?: StudioLook | undefined;
}

export const DEFAULT_THRESHOLD = 0.5;

/** Upper bound of a file's size before it is rendered: one byte per pixel for a mask, otherwise four. */
export function expectedBytes(
  { kind, size, studio }: Variant,
  source: { readonly width: number; readonly height: number },
): number {
  const asked = kind === "masks" && size.includes("x") ? parseSize(size) : source;
  const { width, height } = studio?.canvas ?? asked;
  return width * height * (kind === "masks" ? 1 : 4);
}

export function typeOf({ suffix }: Pick<Variant, "suffix">): string {
  return MASK_TYPES[suffix];
}

/** Parses `<SHA-256>.<suffix>` and converts the SHA-256 to lower case. Undefined for other names. */
export function parseFileName(
  kind: FileKind,
  file: string,
): { image: string; suffix: Suffix } | undefined {
  const [image, suffix] = [file.slice(0, 64).toLowerCase(), file.slice(65)];
  const types = kind === "masks" ? MASK_TYPES : PICTURE_TYPES;
  if (file[64] !== "." || !Object.hasOwn(types, suffix)) return undefined;
  return { image, suffix: suffix as Suffix };
}

export const SUFFIXES: Readonly<Record<FileKind, readonly string[]>> = {
  masks: Object.keys(MASK_TYPES),
  cutouts: Object.keys(PICTURE_TYPES),
  overlays: Object.keys(PICTURE_TYPES),
};

/** How a request wants its masks presented. */
export interface Presentation {
  /** The files that the response contains. */
  readonly main: Variant;
  /** The mask that the JSON links to. */
  readonly mask: Variant;
  readonly isInline: boolean;
}

const OF_FORMAT = {
  png: "png",
  webp: "webp",
  binary: "binary.png",
  rle: "rle.json",
  polygons: "polygons.json",
  svg: "svg",
} as const satisfies Record<NonNullable<Options["format"]>, Suffix>;

type Shown = Omit<Options, "model" | "backend" | "on_error" | "detail" | "seeds" | "webhook">;

/**
 * Options of the query take precedence over those of the body.
 *
 * @throws CosalError option_invalid for a canvas of anything but cut-outs
 */
export function presentationOf(query: Shown, body: Shown = {}): Presentation {
  const shown = { ...body, ...query };
  const { output = "mask", format = "png", size, threshold, inline } = shown;
  const studio = studioLook(shown);
  if (studio !== undefined && output !== "cutout") {
    throw new CosalError("option_invalid", "A canvas is only for cut-outs. Add output=cutout.");
  }
  const common = { size: size ?? "source", threshold: threshold ?? DEFAULT_THRESHOLD } as const;
  const suffix = OF_FORMAT[format];
  const mask: Variant = {
    kind: "masks",
    suffix: output === "logits" ? "logits" : suffix,
    ...common,
  };
  const main: Variant =
    output === "cutout" || output === "overlay"
      ? { ...common, kind: `${output}s`, suffix: suffix === "webp" ? "webp" : "png", studio }
      : mask;
  return { main, mask, isInline: inline === "masks" };
}

/** The record of a mask at the requested size. */
export function sized(record: MaskRecord, { size }: Pick<Variant, "size">): MaskRecord {
  if (size === "source") return record;
  if (size === "model") return atModelSize(record);
  return { ...record, ...parseSize(size) };
}

/** Parses `WIDTHxHEIGHT`. */
export function parseSize(size: string): { readonly width: number; readonly height: number } {
  const [width, height] = size.split("x").map(Number) as [number, number];
  return { width, height };
}

/** The canonical path and query of a file. */
export function filePath(group: string, image: string, variant: Variant): string {
  const { kind, suffix, size, threshold } = variant;
  const query = new URLSearchParams();
  if (suffix !== "logits") {
    if (size !== "source" && kind === "masks") query.set("size", size);
    if (usesThreshold(variant) && threshold !== DEFAULT_THRESHOLD) {
      query.set("threshold", String(threshold));
    }
  }
  for (const [name, value] of studioParameters(variant)) query.set(name, value);
  const text = query.size > 0 ? `?${query}` : "";
  return `/v1/groups/${group}/${kind}/${image}.${suffix}${text}`;
}

function usesThreshold({ kind, suffix }: Variant): boolean {
  return kind === "masks" && suffix !== "png" && suffix !== "webp" && suffix !== "logits";
}
