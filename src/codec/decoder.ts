import avifFactory from "@jsquash/avif/codec/dec/avif_dec.js";
import webpFactory from "@jsquash/webp/codec/dec/webp_dec.js";
import { CosalError } from "../errors.ts";
import { COMMON_TYPES, readStored, type Taken } from "./header/index.ts";
import type { StoredImage } from "./header/stored-image.ts";
import { swapsAxes, upright, uprightPlanes } from "./orientation.ts";
import { cropped, type PixelRows, placed, rowsOf } from "./pixel-rows.ts";
import { pngRows } from "./png/rows.ts";
import { readProfile } from "./profile/read.ts";
import { reducedRows, rowsToTensor } from "./resample.ts";
import { extentOf, reducedSize, scaleFor, scaleWithin } from "./scale.ts";
import type { Decoder, ImageHeader, ImageType, InputFormat, Pixels } from "./types.ts";
import { openSquoosh, type SquooshFactory } from "./wasm/emscripten.ts";
import type { HeapDecoder, Scaled } from "./wasm/heap.ts";
import { type LibheifModule, openHeic } from "./wasm/heic.ts";
import { openJpeg } from "./wasm/jpeg.ts";

/** Types that are decoded in WebAssembly; PNG is not. */
type WasmType = Exclude<ImageType, "image/png">;

/** Loads the compiled decoder of each type on a platform. */
export type DecoderModules = Readonly<
  Record<Exclude<WasmType, "image/heic">, () => Promise<WebAssembly.Module>>
> & {
  /** Without it, HEIC is not decoded. */
  readonly "image/heic"?: (() => Promise<LibheifModule>) | undefined;
};

/** Emscripten decoders start with 16 MiB. A heap up to this size is kept between groups. */
const HEAP_TO_KEEP = 16 * 1024 * 1024;

/**
 * The decoder of a platform. At most one WebAssembly instance is alive at a time: heaps never
 * shrink, and four of them would fill half an isolate.
 *
 * @param heap bytes that a decoder's heap may grow to; images that would need more are refused
 * @param elsewhere whether another decoder may decode files that this one does not. `inspect` then
 * sets `decodedElsewhere` instead of throwing
 */
export function createDecoder(modules: DecoderModules, heap: number, elsewhere = false): Decoder {
  const types: readonly ImageType[] = modules["image/heic"]
    ? [...COMMON_TYPES, "image/heic"]
    : COMMON_TYPES;
  const taken: Taken = { heap, types, elsewhere };
  let open: { type: WasmType; decoder: HeapDecoder } | undefined;

  async function decoderOf(type: WasmType): Promise<HeapDecoder> {
    if (open?.type === type) return open.decoder;
    open = undefined;
    const decoder = await instantiate(type, modules, heap);
    open = { type, decoder };
    return decoder;
  }

  /** Passes the stored pixels to the visitor, without the orientation applied. */
  async function visit<T>(
    bytes: Uint8Array,
    { header: { type, decodedElsewhere }, stored }: { header: ImageHeader; stored: StoredImage },
    scaled: Scaled,
    visitor: (pixels: PixelRows) => T,
  ): Promise<T> {
    if (decodedElsewhere !== undefined) throw decodedElsewhere.refusal;
    if (type === "image/png") {
      const { width, height } = reducedSize(scaled);
      const rows = pngRows(bytes);
      return visitor(scaled.eighths === 8 ? rows : reducedRows(rows, width, height));
    }
    const decoder = await decoderOf(type);
    const file = stored.file ?? bytes;
    try {
      return decoder.decode(
        file,
        (pixels) => visitor(type === "image/jpeg" ? rowsOf(pixels) : shownRows(pixels, stored)),
        scaled,
      );
    } catch (cause) {
      open = undefined;
      if (cause instanceof CosalError) throw cause;
      throw new CosalError(
        "image_undecodable",
        `The file is broken or truncated: as ${type} it cannot be decoded.`,
        { cause },
      );
    }
  }

  return {
    types,

    inspect: (bytes) => readStored(bytes, taken).header,

    async decode(bytes) {
      const image = readStored(bytes, taken);
      const { header } = image;
      const scaled = scaleWithin(header, heap);
      const profile = readProfile(bytes, header.type);
      const pixels = await visit(bytes, image, scaled, (stored) =>
        upright(stored, header.orientation),
      );
      return profile === undefined ? pixels : { ...pixels, profile };
    },

    async sample(bytes, format, into) {
      const image = readStored(bytes, taken);
      const { header } = image;
      const { orientation } = header;
      const { width, height } = format;
      const sideways: InputFormat = swapsAxes(orientation)
        ? { ...format, width: height, height: width }
        : format;
      const scaled = scaleFor(header, sideways);
      return visit(bytes, image, scaled, (pixels) => {
        if (orientation === 1) return rowsToTensor(pixels, sideways, into, extentOf(scaled));
        const tensor = rowsToTensor(pixels, sideways, undefined, extentOf(scaled));
        return uprightPlanes(tensor, width, height, orientation, into);
      });
    },

    trim() {
      if (open && open.decoder.heapBytes > HEAP_TO_KEEP) open = undefined;
    },
  };
}

/** The visible part of a file's pixels. */
function shownRows(decoded: Pixels, { width, height, crop, place }: StoredImage): PixelRows {
  const pixels = rowsOf(decoded);
  if (place !== undefined) return placed(pixels, place, width, height);
  if (pixels.width !== width || pixels.height !== height) throw new Error("two sizes are told");
  return crop === undefined ? pixels : cropped(pixels, crop);
}

async function instantiate(
  type: WasmType,
  modules: DecoderModules,
  heap: number,
): Promise<HeapDecoder> {
  switch (type) {
    case "image/jpeg":
      return openJpeg(await modules[type]());
    case "image/webp":
      return openSquoosh(webpFactory as unknown as SquooshFactory, await modules[type](), heap, []);
    case "image/avif":
      return openSquoosh(
        avifFactory as unknown as SquooshFactory,
        await modules[type](),
        heap,
        [8],
      );
    case "image/heic": {
      const module = await modules[type]?.();
      if (module === undefined) throw new Error("HEIC is not decoded here");
      return openHeic(module, heap);
    }
  }
}
