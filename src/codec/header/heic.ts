import { swapsAxes } from "../orientation.ts";
import { viewOf } from "./bytes.ts";
import { readingHeif, readPrimaryItem } from "./heif-item.ts";
import { brandsOf } from "./iso-boxes.ts";
import { readItemProperties } from "./item-properties.ts";
import type { StoredImage } from "./stored-image.ts";

/** Brands of HEIF files whose images are HEVC (ISO/IEC 23008-12, B.4). */
const BRANDS = ["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs"];

/** Heap of libheif 1.23.2 for each pixel of what phones write, as one image and as a grid; measured. */
const USUAL_BYTES_PER_PIXEL = 8;
const GRID_BYTES_PER_PIXEL = 5.75;
const CHROMA_420 = 1;

export function isHeic(bytes: Uint8Array): boolean {
  return brandsOf(bytes).some((brand) => BRANDS.includes(brand));
}

/**
 * Size of the primary item, a grid of tiles most of the time, as libheif gives it: cropped, turned
 * and mirrored as the file says. Phones write the same turn into the EXIF block once more; HEIF says
 * that this one is for information only (ISO/IEC 23008-12, A.2.2), so it is not looked at.
 */
export function readHeic(bytes: Uint8Array): StoredImage {
  const { crop, orientation, ...whole } = readPrimaryItem(bytes, "HEIC");
  const { width, height } = crop ?? whole;
  const size = swapsAxes(orientation) ? { width: height, height: width } : { width, height };
  const bytesPerPixel = readingHeif("HEIC", () => heapPerPixel(viewOf(bytes)));
  return { kind: "heic", ...size, orientation: 1, ...(bytesPerPixel && { bytesPerPixel }) };
}

/** Undefined where it may be as much as a HEIC's ever is: by depth, chroma, or alpha. */
function heapPerPixel(view: DataView): number | undefined {
  const { primary, properties, associations } = readItemProperties(view);
  const isUsual = properties.every(({ type, start }) => {
    if (type !== "hvcC") return type !== "auxC";
    // Chroma format and depths (ISO/IEC 14496-15, 8.3.2.1.2).
    const chroma = view.getUint8(start + 16) & 3;
    const depths = (view.getUint8(start + 17) & 7) | (view.getUint8(start + 18) & 7);
    return chroma <= CHROMA_420 && depths === 0;
  });
  if (!isUsual) return undefined;
  const own = (associations.get(primary) ?? []).map(({ index }) => properties[index - 1]?.type);
  return own.includes("hvcC") ? USUAL_BYTES_PER_PIXEL : GRID_BYTES_PER_PIXEL;
}
