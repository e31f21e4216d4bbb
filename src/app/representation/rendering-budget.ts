import { CosalError } from "../../errors.ts";
import type { Group } from "../compute/plan.ts";
import { parseSize, type Variant } from "./variants.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Counts the pixels of all files in one response, before each is rendered. */
export class RenderingBudget {
  readonly #limit: number;
  #pixels = 0;

  /** @param limit pixels of all files together */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws CosalError group_too_many_pixels */
  spend(variant: Variant, size: Size): void {
    this.#pixels += pixelsOf(variant, size);
    if (this.#pixels > this.#limit) throw tooManyPixels(this.#limit, this.#pixels);
  }
}

/**
 * Checks before the computation whether a response may contain a file for each photograph. The size of
 * a photograph named by SHA-256 is unknown then; it is counted when its file is rendered.
 *
 * @throws CosalError group_too_many_pixels
 */
export function checkRendering({ distinct }: Group, variant: Variant, limit: number): void {
  const pixels = distinct
    .map(({ header }) => (header === undefined ? 0 : pixelsOf(variant, header)))
    .reduce((sum, count) => sum + count, 0);
  if (pixels > limit) throw tooManyPixels(limit, pixels);
}

function pixelsOf({ kind, suffix, size, studio }: Variant, { width, height }: Size): number {
  // Nothing is rendered, or no more pixels than the network gives.
  if (suffix === "logits" || (kind === "masks" && size === "model")) return 0;
  if (kind === "masks" && size !== "source") {
    const asked = parseSize(size);
    return asked.width * asked.height;
  }
  const canvas = studio === undefined ? 0 : studio.canvas.width * studio.canvas.height;
  return width * height + canvas;
}

function tooManyPixels(limit: number, actual: number): CosalError {
  return new CosalError(
    "group_too_many_pixels",
    `The files in the response would have ${actual} pixels together; at most ${limit} are rendered ` +
      "for one response. Ask for links instead of files, for masks with size=model, or send fewer " +
      "photographs at once.",
    { limit: { name: "rendered pixels", limit, actual } },
  );
}
