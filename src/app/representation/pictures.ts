import {
  cutout,
  type MaskRecord,
  overlay,
  type Pixels,
  type WebpEncoder,
} from "../../codec/index.ts";
import { CosalError } from "../../errors.ts";
import type { Variant } from "./variants.ts";

/**
 * A photograph with what was found in it: the object on transparent ground, or tinted.
 *
 * @throws CosalError not_found, where the host has no encoder of WebP; image_too_many_pixels
 */
export async function picture(
  photograph: Pixels,
  record: MaskRecord,
  { kind, suffix }: Variant,
  webp: WebpEncoder | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  if (suffix === "webp" && webp === undefined) {
    throw new CosalError("not_found", "Pictures are written as PNG only here.");
  }
  const render = kind === "cutouts" ? cutout : overlay;
  return render(photograph, record, suffix === "webp" && webp ? { webp } : {});
}
