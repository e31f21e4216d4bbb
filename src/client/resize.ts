import { CosalError } from "./errors.ts";

/** A photograph as it is sent, and the size that it has. */
export interface Reduced {
  readonly file: Blob;
  /** Pixels of the photograph itself, upright. */
  readonly width: number;
  readonly height: number;
}

/** Makes a photograph smaller: no side longer than `longest` pixels, upright. */
export type Resize = (photograph: Blob, longest: number) => Promise<Reduced>;

/** Twice the network's input, so that its own resizing decides what it sees. */
export const LONGEST_SIDE = 640;

const QUALITY = 0.85;

/**
 * With the canvas of browsers and their workers.
 *
 * @throws CosalError unexpected, where there is none: hand in a `Resize`
 */
export const resizeWithCanvas: Resize = async (photograph, longest) => {
  if (typeof OffscreenCanvas === "undefined" || typeof createImageBitmap === "undefined") {
    throw new CosalError("unexpected", "resize: true needs a canvas; hand in a function here.");
  }
  const bitmap = await createImageBitmap(photograph, { imageOrientation: "from-image" });
  const { width, height } = bitmap;
  const scale = Math.min(1, longest / Math.max(width, height));
  if (scale === 1) return { file: photograph, width, height };
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(scale * width)),
    Math.max(1, Math.round(scale * height)),
  );
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const file = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  return { file, width, height };
};
