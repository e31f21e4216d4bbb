import { hasPngSignature } from "../png/chunks.ts";
import { readPngImage } from "../png/image.ts";
import { exifOrientation } from "./exif.ts";
import type { StoredImage } from "./stored-image.ts";

export { hasPngSignature as isPng };

/** Size and orientation, from IHDR and the first eXIf chunk. */
export function readPng(bytes: Uint8Array): StoredImage {
  const { width, height, isInterlaced, ancillary } = readPngImage(bytes);
  const exif = ancillary.get("eXIf");
  return {
    kind: isInterlaced ? "interlaced_png" : "png",
    width,
    height,
    orientation: exif ? exifOrientation(exif) : 1,
  };
}
