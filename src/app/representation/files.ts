import { MAX_SIDE, recordSize } from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import type { Stores } from "../../group/index.ts";
import type { Render, Requester } from "./renderer.ts";
import type { RenderingBudget } from "./rendering-budget.ts";
import type { Rendition } from "./rendition-cache.ts";
import { parseSize, typeOf, type Variant } from "./variants.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Must be raised whenever a renderer writes different bytes for the same record. Otherwise clients with
 * the old file would get 304.
 */
const RENDERING_VERSION = 4;

export interface FileContext {
  readonly stores: Stores;
  readonly render: Render;
  readonly requester: Requester;
  /** Photographs in memory, by SHA-256. */
  readonly files?: ReadonlyMap<string, Bytes>;
  /** Maximum pixels of a photograph for cut-outs and overlays. */
  readonly renderedPixels: number;
  /** Of a response with several files. */
  readonly budget?: RenderingBudget;
}

/**
 * Renders a file for one image of a group.
 *
 * @throws CosalError image_expired (cut-outs and overlays need the photograph),
 * image_too_many_pixels, group_too_many_pixels
 */
export async function renderFile(
  image: string,
  record: Bytes,
  variant: Variant,
  context: FileContext,
): Promise<Bytes> {
  if (variant.suffix === "logits") return record;
  const { render, requester, budget } = context;
  const size = recordSize(record);
  budget?.spend(variant, size);
  if (variant.kind === "masks") {
    if (variant.size.includes("x")) checkSize(parseSize(variant.size), context);
    return render({ variant, record }, requester);
  }
  const photograph = await photographOf(image, size, context);
  const background = await backgroundOf(variant, context);
  return render({ variant, record, photograph, ...(background && { background }) }, requester);
}

/** The ETag of a file, without rendering it: the record and the variant determine its contents. */
export async function etagOf(record: Bytes, variant: Variant): Promise<string> {
  const { kind, suffix, size, threshold, studio } = variant;
  const look = studio === undefined ? "" : ` ${JSON.stringify(studio)}`;
  const how = new TextEncoder().encode(
    `${RENDERING_VERSION} ${kind} ${suffix} ${size} ${threshold}${look}\n`,
  );
  const text = new Uint8Array(how.length + record.length);
  text.set(how);
  text.set(record, how.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  return `"${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

export async function renderedFile(
  image: string,
  record: Bytes,
  variant: Variant,
  context: FileContext,
): Promise<Rendition> {
  const [bytes, etag] = await Promise.all([
    renderFile(image, record, variant, context),
    etagOf(record, variant),
  ]);
  return { bytes, etag, type: typeOf(variant) };
}

/**
 * Checks the size of a mask, which the caller may choose.
 *
 * @throws CosalError image_too_many_pixels
 */
function checkSize(
  { width, height }: { readonly width: number; readonly height: number },
  { renderedPixels }: FileContext,
): void {
  if (width * height <= renderedPixels && Math.max(width, height) <= MAX_SIDE) return;
  throw new CosalError(
    "image_too_many_pixels",
    `A mask of ${width} x ${height} pixels is too large; at most ${renderedPixels} are written, ${MAX_SIDE} on a side.`,
    { limit: { name: "pixels", limit: renderedPixels, actual: width * height } },
  );
}

/** @throws CosalError image_expired */
async function backgroundOf(
  { studio }: Variant,
  { stores, files }: FileContext,
): Promise<Bytes | undefined> {
  const image = studio?.background;
  if (typeof image !== "string") return undefined;
  const background = files?.get(image) ?? (await stores.images.get(image));
  if (background !== undefined) return background;
  throw new CosalError(
    "image_expired",
    `The background is not stored here, or no longer. Send it with PUT /v1/images/${image}.`,
  );
}

/** @throws CosalError image_too_many_pixels, image_expired */
async function photographOf(
  image: string,
  { width, height }: ReturnType<typeof recordSize>,
  { stores, files, renderedPixels }: FileContext,
): Promise<Bytes> {
  if (width * height > renderedPixels) {
    throw new CosalError(
      "image_too_many_pixels",
      `Cut-outs and overlays are available for photographs of at most ${renderedPixels} pixels.`,
      { limit: { name: "pixels", limit: renderedPixels, actual: width * height } },
    );
  }
  const photograph = files?.get(image) ?? (await stores.images.get(image));
  if (photograph !== undefined) return photograph;
  throw new CosalError(
    "image_expired",
    `Cut-outs and overlays need the photograph, which is no longer stored. Send it again with PUT /v1/images/${image}.`,
  );
}
