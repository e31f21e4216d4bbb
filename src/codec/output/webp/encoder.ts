import webpFactory from "@jsquash/webp/codec/enc/webp_enc_simd.js";
import { defaultOptions } from "@jsquash/webp/meta.js";
import { CosalError } from "../../../errors.ts";
import type { Pixels } from "../../types.ts";
import { instantiateSquoosh, type SquooshFactory } from "../../wasm/emscripten.ts";
import { webpChunks, webpOf } from "../../webp/chunks.ts";
import { extendedChunk, FLAG, readExtended } from "../../webp/extended.ts";

/** Writes photographs, with their alpha, as lossy WebP. */
export interface WebpEncoder {
  /** @throws CosalError image_too_many_pixels when the encoder's heap is too small for this size */
  check(width: number, height: number): void;
  /** @throws CosalError image_too_many_pixels */
  encode(pixels: Pixels): Promise<Uint8Array<ArrayBuffer>>;
}

/** The same file in its extended form, with a chunk for the profile (RFC 9649, 2.7.1.4). */
function withProfile(
  file: Uint8Array,
  profile: Uint8Array,
  size: { readonly width: number; readonly height: number },
): Uint8Array<ArrayBuffer> {
  const chunks = [...webpChunks(file)];
  const extended = chunks.find(({ type }) => type === "VP8X");
  // A lossy file without VP8X has no alpha.
  const flags = extended ? readExtended(extended).flags : 0;
  return webpOf([
    extendedChunk(size, flags | FLAG.profile),
    { type: "ICCP", data: profile },
    ...chunks.filter(({ type }) => type !== "VP8X"),
  ]);
}

/** Of libwebp's encoder for each pixel: the picture, its planes and what it finds out; measured. */
const BYTES_PER_PIXEL = 32;
/** Quality of colours; method 2 of 6 takes two thirds of the time of 4 for files a tenth larger. */
const OPTIONS = { ...defaultOptions, quality: 90, method: 2 };

interface EncoderModule {
  encode(data: Uint8Array, width: number, height: number, options: object): Uint8Array | null;
}

/**
 * @param wasm the compiled encoder of @jsquash/webp
 * @param heap bytes that its heap may grow to; it is given back after each image
 */
export function createWebpEncoder(
  wasm: () => Promise<WebAssembly.Module>,
  heap: number,
): WebpEncoder {
  const limit = Math.floor(heap / BYTES_PER_PIXEL);
  const check = (width: number, height: number) => {
    const actual = width * height;
    if (actual <= limit) return;
    throw new CosalError(
      "image_too_many_pixels",
      `A picture of ${width} x ${height} pixels is too large to be written as WebP here, where ${limit} fit; ask for PNG.`,
      { limit: { name: "pixels of a WebP", limit, actual } },
    );
  };
  return {
    check,
    async encode({ width, height, data, profile }) {
      check(width, height);
      const factory = webpFactory as unknown as SquooshFactory<EncoderModule>;
      const { module } = await instantiateSquoosh(factory, await wasm(), heap);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      const file = module.encode(bytes, width, height, OPTIONS);
      if (!file) throw new CosalError("internal", "The WebP encoder failed.");
      const made = new Uint8Array(file);
      return profile === undefined ? made : withProfile(made, profile, { width, height });
    },
  };
}
