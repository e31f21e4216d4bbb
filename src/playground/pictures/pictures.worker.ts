// A thread for headers, hashes, thumbnails and files, so that the page stays responsive.
import { expose } from "comlink";
import {
  binaryPng,
  cutout,
  type Extent,
  maskPng,
  maskPolygons,
  maskRle,
  measureMask,
  NODE_DECODER_HEAP,
  readHeader,
  studio,
} from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import { sha256 } from "../../group/index.ts";
import { problemOf } from "../engine/problem.ts";
import { pixelsOf } from "./pixels.ts";
import type { MaskToRender, Opened, PictureForm, PicturesThread, StudioSettings } from "./types.ts";

/** JPEG quality for photographs that only the browser can decode. The engine gets them as JPEG. */
const CONVERTED_QUALITY = 0.95;
const THUMBNAIL_QUALITY = 0.82;

const thread = {
  async open(file: Blob) {
    try {
      return { value: await opened(file) };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  },

  async thumbnail(file: Blob, side: number) {
    try {
      const bitmap = await smallBitmap(file, side);
      return { value: await encoded(bitmap, "image/webp", THUMBNAIL_QUALITY) };
    } catch {
      const message = "The browser cannot show this photograph.";
      return { problem: { code: "image_undecodable" as const, message } };
    }
  },

  async render(form: PictureForm, file: Blob, mask: MaskToRender) {
    try {
      return { value: new Blob([await rendered(form, file, mask)], { type: "image/png" }) };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  },

  async rle(mask: MaskToRender) {
    const measures = measureMask(mask.logits, mask.width, mask.height);
    return { ...measures, rle: await maskRle(mask) };
  },
  polygons: async (mask: MaskToRender) => maskPolygons(mask),
  measure: async ({ logits, width, height }: MaskToRender) => measureMask(logits, width, height),

  async studio(
    file: Blob,
    mask: MaskToRender,
    settings: StudioSettings,
    extent: Extent | undefined,
  ) {
    try {
      const bytes = await studio(await pixelsOf(file), mask, { ...settings, extent });
      return { value: new Blob([bytes], { type: "image/png" }) };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  },
};

async function opened(file: Blob): Promise<Opened> {
  const bytes = await file.bytes();
  try {
    const { width, height } = readHeader(bytes, { heap: NODE_DECODER_HEAP });
    return { file, width, height, digest: await sha256(bytes) };
  } catch (error) {
    const isForeign = error instanceof CosalError && error.code === "image_type_unsupported";
    const bitmap = isForeign && (await createImageBitmap(file).catch(() => undefined));
    // Not GIF: its first frame is rarely the photograph that the user means.
    if (!bitmap || !isHeif(bytes)) throw error;
    const { width, height } = bitmap;
    const converted = await encoded(bitmap, "image/jpeg", CONVERTED_QUALITY);
    return { file: converted, width, height, digest: await sha256(await converted.bytes()) };
  }
}

/** ISO base media with a brand of HEIF (ISO/IEC 23008-12). */
function isHeif(bytes: Uint8Array): boolean {
  const brand = new TextDecoder("latin1").decode(bytes.subarray(4, 12));
  return /^ftyp(hei|hev|mif1|msf1)/.test(brand);
}

async function smallBitmap(file: Blob, side: number): Promise<ImageBitmap> {
  // The browser computes the other side. Which side is longer is only known after decoding.
  const bitmap = await createImageBitmap(file, { resizeWidth: side, resizeQuality: "medium" });
  if (bitmap.height <= side) return bitmap;
  const width = Math.max(1, Math.round((side * bitmap.width) / bitmap.height));
  const smaller = await createImageBitmap(bitmap, {
    resizeWidth: width,
    resizeHeight: side,
    resizeQuality: "medium",
  });
  bitmap.close();
  return smaller;
}

async function encoded(bitmap: ImageBitmap, type: string, quality: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("bitmaprenderer")?.transferFromImageBitmap(bitmap);
  return canvas.convertToBlob({ type, quality });
}

async function rendered(form: PictureForm, file: Blob, mask: MaskToRender) {
  if (form === "mask") return maskPng(mask);
  if (form === "binary") return binaryPng(mask);
  return cutout(await pixelsOf(file), mask);
}

expose(thread satisfies PicturesThread);
