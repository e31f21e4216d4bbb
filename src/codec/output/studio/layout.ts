import type { Box } from "../../mask.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** An object in its photograph. */
export interface Subject extends Size {
  /** Around the object, in pixels of the photograph, whose size is `width` and `height`. */
  readonly box: Box;
}

/** Where objects are to stand on a canvas. */
export interface Layout {
  readonly canvas: Size;
  /** Free on each side, as a share of the canvas' shorter side: from 0 to below 0.5. */
  readonly margin: number;
  /** In the middle, or on one ground line: the lower margin. */
  readonly align: "center" | "bottom";
}

/**
 * How large the objects of a set are. Photographs are taken to show equally much along their longer
 * sides, whatever their pixels: sizes are shares of that side.
 */
export interface Extent extends Size {
  /** The shortest of the photographs' longer sides, in pixels. */
  readonly pixels: number;
}

/** Where an object stands. */
export interface Placement extends Size {
  /** The box's corner on the canvas, in pixels; sizes are whole pixels and at least 1. */
  readonly x: number;
  readonly y: number;
  /** Canvas pixels for a pixel of the photograph. */
  readonly scale: number;
  /** Whether it would have been enlarged more than `MAX_ENLARGEMENT` times to fill the canvas. */
  readonly isBounded: boolean;
}

/** More would only show how few pixels there are. */
export const MAX_ENLARGEMENT = 2;

/** What `place` has to know of a set so that its objects keep their sizes to each other. */
export function extentOf(subjects: Iterable<Subject>): Extent | undefined {
  const extent = { width: 0, height: 0, pixels: Number.POSITIVE_INFINITY };
  for (const { box, width, height } of subjects) {
    const longer = Math.max(width, height);
    extent.width = Math.max(extent.width, box[2] / longer);
    extent.height = Math.max(extent.height, box[3] / longer);
    extent.pixels = Math.min(extent.pixels, longer);
  }
  return extent.width > 0 ? extent : undefined;
}

/**
 * Places an object on a canvas: as large as the margins allow, but enlarged at most `MAX_ENLARGEMENT`
 * times.
 *
 * @param extent of the set that it belongs to: then the largest object of the set fills the canvas,
 * and none is enlarged more than that
 */
export function place(subject: Subject, layout: Layout, extent?: Extent): Placement {
  const { canvas, align } = layout;
  const [, , width, height] = subject.box;
  const longer = Math.max(subject.width, subject.height);
  const {
    width: across,
    height: down,
    pixels,
  } = extent ?? {
    ...{ width: width / longer, height: height / longer, pixels: longer },
  };
  const margin = layout.margin * Math.min(canvas.width, canvas.height);
  const room = { width: canvas.width - 2 * margin, height: canvas.height - 2 * margin };
  /** Canvas pixels for a photograph's longer side. */
  const filling = Math.min(room.width / across, room.height / down);
  const most = MAX_ENLARGEMENT * pixels;
  const scale = Math.min(filling, most) / longer;
  const size = {
    width: Math.max(1, Math.round(scale * width)),
    height: Math.max(1, Math.round(scale * height)),
  };
  const ground = canvas.height - (align === "bottom" ? margin : (canvas.height - size.height) / 2);
  return {
    ...size,
    x: Math.round((canvas.width - size.width) / 2),
    y: Math.round(ground) - size.height,
    scale,
    isBounded: filling > most,
  };
}
