import {
  atModelSize,
  binaryPng,
  type Decoder,
  decodeLogits,
  type MaskRecord,
  maskPng,
  maskPolygons,
  maskRle,
  maskSvg,
  maskWebp,
  type WebpEncoder,
} from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import type { Stores } from "../../group/index.ts";
import { picture } from "./pictures.ts";
import type { Rendition } from "./rendition-cache.ts";
import { typeOf, type Variant } from "./variants.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Raised whenever a renderer comes to write other bytes for the same record, so that nobody who has
 * the old file is told that it is still the same.
 */
const RENDERING_VERSION = 1;

export interface FileContext {
  readonly stores: Stores;
  readonly decoder: Decoder;
  readonly webp?: WebpEncoder | undefined;
  /** Photographs that are at hand, by SHA-256. */
  readonly files?: ReadonlyMap<string, Bytes>;
  /** Pixels of a photograph that pictures are made of. */
  readonly renderedPixels: number;
}

/**
 * The file that shows one image of a group.
 *
 * @throws CosalError image_expired (cut-outs and overlays need the photograph),
 * image_too_many_pixels
 */
export async function renderFile(
  image: string,
  record: Bytes,
  variant: Variant,
  context: FileContext,
): Promise<Bytes> {
  if (variant.kind !== "masks") return renderPicture(image, record, variant, context);
  if (variant.suffix === "logits") return record;
  const decoded = await decodeLogits(record);
  return renderMask(variant.size === "model" ? atModelSize(decoded) : decoded, variant);
}

/** Of the file's contents, without making them: the record and how it is shown say everything. */
export async function etagOf(record: Bytes, variant: Variant): Promise<string> {
  const { kind, suffix, size, threshold } = variant;
  const how = new TextEncoder().encode(
    `${RENDERING_VERSION} ${kind} ${suffix} ${size} ${threshold}\n`,
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

async function renderMask(
  record: MaskRecord,
  { suffix, threshold }: Variant,
): Promise<Uint8Array<ArrayBuffer>> {
  const text = (value: string) => new TextEncoder().encode(value);
  switch (suffix) {
    case "png":
      return maskPng(record);
    case "webp":
      return maskWebp(record);
    case "binary.png":
      return binaryPng(record, { threshold });
    case "rle.json":
      return text(JSON.stringify(maskRle(record, { threshold })));
    case "polygons.json":
      return text(JSON.stringify(maskPolygons(record, { threshold })));
    case "svg":
      return text(maskSvg(record, { threshold }));
    case "logits":
      throw new Error("a record is not rendered");
  }
}

async function renderPicture(
  image: string,
  record: Bytes,
  variant: Variant,
  { stores, decoder, webp, files, renderedPixels }: FileContext,
): Promise<Bytes> {
  const decoded = await decodeLogits(record);
  const { width, height } = decoded;
  if (width * height > renderedPixels) {
    throw new CosalError(
      "image_too_many_pixels",
      `Cut-outs and overlays are made of photographs of at most ${renderedPixels} pixels.`,
      { limit: { name: "pixels", limit: renderedPixels, actual: width * height } },
    );
  }
  const photograph = files?.get(image) ?? (await stores.images.get(image));
  if (photograph === undefined) {
    throw new CosalError(
      "image_expired",
      `Cut-outs and overlays need the photograph, which is no longer stored: send it again (PUT /v1/images/${image}).`,
    );
  }
  return picture(await decoder.decode(photograph), decoded, variant, webp);
}
