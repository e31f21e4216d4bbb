import type { Orientation } from "../types.ts";
import { broken, viewOf } from "./bytes.ts";
import type { IsoBox } from "./iso-boxes.ts";
import { readItemProperties } from "./item-properties.ts";
import type { Rectangle } from "./stored-image.ts";

/**
 * What `irot` (quarter turns anticlockwise) and then `imir` do, as an EXIF orientation. HEIF says
 * that readers follow these properties and not the EXIF tag (ISO/IEC 23008-12, 6.5.10, 6.5.12).
 */
const NOT_MIRRORED: readonly Orientation[] = [1, 8, 3, 6];
const TOP_TO_BOTTOM: readonly Orientation[] = [4, 5, 2, 7];
const LEFT_TO_RIGHT: readonly Orientation[] = [2, 7, 4, 5];

/** The image that a HEIF file shows. */
export interface PrimaryItem {
  readonly width: number;
  readonly height: number;
  /** The part that is to be seen, before it is turned. */
  readonly crop: Rectangle | undefined;
  readonly orientation: Orientation;
}

/**
 * The primary item: boxes meta/pitm, meta/iprp/ipco and meta/iprp/ipma. It is first cropped, then
 * turned, then mirrored (ISO/IEC 23000-22, 7.3.6.7), in whatever order its properties stand.
 *
 * @param name of the format, for messages
 *
 * @throws CosalError image_undecodable
 */
export function readPrimaryItem(bytes: Uint8Array, name: string): PrimaryItem {
  return readingHeif(name, () => {
    const view = viewOf(bytes);
    const own = primaryProperties(view);
    const property = (type: string) => own.find((box) => box.type === type);
    const ispe = property("ispe");
    if (ispe === undefined) throw broken(name, "its image has no size");
    const size = { width: view.getUint32(ispe.start + 4), height: view.getUint32(ispe.start + 8) };
    const clap = property("clap");
    const irot = property("irot");
    const imir = property("imir");
    const turns = irot === undefined ? 0 : view.getUint8(irot.start) & 3;
    const mirror =
      imir === undefined
        ? NOT_MIRRORED
        : view.getUint8(imir.start) & 1
          ? LEFT_TO_RIGHT
          : TOP_TO_BOTTOM;
    return {
      ...size,
      crop: clap && cleanAperture(view, clap.start, size),
      orientation: mirror[turns] as Orientation,
    };
  });
}

/** The properties of the primary item. @throws RangeError where the description is incomplete */
export function primaryProperties(view: DataView): IsoBox[] {
  const { primary, properties, associations } = readItemProperties(view);
  return (associations.get(primary) ?? []).flatMap(({ index }) => properties[index - 1] ?? []);
}

/**
 * What a file says of its image, where it says enough.
 *
 * @throws CosalError image_undecodable
 */
export function readingHeif<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw broken(name, "what describes its image is incomplete");
  }
}

/**
 * The clean aperture (ISO/IEC 14496-12, 12.1.4): width, height, and how far its centre is from the
 * image's, each a fraction. MIAF wants whole pixels that lie in the image (ISO/IEC 23000-22,
 * 7.3.6.7); any other counts as none, as for libavif and Chromium.
 */
export function cleanAperture(
  view: DataView,
  offset: number,
  size: { readonly width: number; readonly height: number },
): Rectangle | undefined {
  const side = (at: number, total: number, centreAt: number) => {
    const length = view.getUint32(at) / view.getUint32(at + 4);
    const centre = view.getInt32(centreAt) / view.getUint32(centreAt + 4);
    const start = centre + (total - length) / 2;
    const isInside = length >= 1 && start >= 0 && start + length <= total;
    return isInside && Number.isInteger(length) && Number.isInteger(start)
      ? { start, length }
      : undefined;
  };
  const across = side(offset, size.width, offset + 16);
  const down = side(offset + 8, size.height, offset + 24);
  if (across === undefined || down === undefined) return undefined;
  return { x: across.start, y: down.start, width: across.length, height: down.length };
}
