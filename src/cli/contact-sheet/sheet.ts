import { blank, draw, type Picture } from "./pictures.ts";

/** One photograph of the sheet, its three pictures of equal size. */
export interface SheetColumn {
  readonly photograph: Picture;
  readonly mask: Picture;
  readonly overlay: Picture;
}

/** Pictures of the sheet fit into a square of this many pixels. */
export const TILE = 160;
const GAP = 6;
const BAND_GAP = 24;
const COLUMNS = 8;

/**
 * The contact sheet: a band for each group (for more than eight photographs, several), in which each
 * column is one photograph: itself, its mask, and the two laid over each other.
 */
export function contactSheet(groups: readonly (readonly SheetColumn[])[]): Picture {
  const bands = groups.flatMap((columns) => {
    const count = Math.ceil(columns.length / COLUMNS);
    return Array.from({ length: count }, (_, i) => columns.slice(i * COLUMNS, (i + 1) * COLUMNS));
  });
  const columns = Math.max(...bands.map((band) => band.length));
  const heights = bands.map((band) => Math.max(...band.map((column) => column.photograph.height)));
  const height = heights.reduce((sum, tile) => sum + 3 * (tile + GAP) + BAND_GAP, GAP - BAND_GAP);
  const sheet = blank(columns * (TILE + GAP) + GAP, height);
  let y = GAP;
  for (const [i, band] of bands.entries()) {
    const tile = heights[i]!;
    for (const [j, { photograph, mask, overlay }] of band.entries()) {
      const x = GAP + j * (TILE + GAP) + Math.floor((TILE - photograph.width) / 2);
      const top = y + Math.floor((tile - photograph.height) / 2);
      for (const [row, picture] of [photograph, mask, overlay].entries()) {
        draw(sheet, picture, x, top + row * (tile + GAP));
      }
    }
    y += 3 * (tile + GAP) + BAND_GAP;
  }
  return sheet;
}
