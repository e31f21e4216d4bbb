import { binaryRows } from "../mask.ts";
import { contours, type Ring } from "./contours.ts";
import { type PausableOptions, prepared } from "./options.ts";
import { type PausableWork, runInPieces } from "./paced.ts";
import type { MaskRecord } from "./record.ts";
import { simplified } from "./simplify.ts";

/** The outlines of the mask at the threshold, within half a pixel. */
function* outlines(record: MaskRecord, options?: PausableOptions): PausableWork<Ring[]> {
  const { width, height, logits, level } = prepared(record, options);
  const rings = yield* contours(binaryRows(logits, width, height, level), width, height);
  for (const [i, ring] of rings.entries()) rings[i] = yield* simplified(ring);
  return rings;
}

/**
 * The mask at the threshold as polygons, COCO's `segmentation` of an object: for each part a list
 * `x, y, x, y, ...` in pixels. COCO's polygons have no holes; a hole is joined to the outline of its
 * part by a bridge of no width, there and back, as it is drawn by hand.
 */
export function maskPolygons(record: MaskRecord, options?: PausableOptions): Promise<number[][]> {
  return runInPieces(polygons(record, options), options?.pause);
}

function* polygons(record: MaskRecord, options?: PausableOptions): PausableWork<number[][]> {
  const parts: { outline: Ring; area: number; polygon: number[] }[] = [];
  const holes: Ring[] = [];
  for (const ring of yield* outlines(record, options)) {
    const area = areaOf(ring);
    if (area > 0) parts.push({ outline: ring, area, polygon: [...ring] });
    else holes.push(ring);
  }
  parts.sort((a, b) => a.area - b.area);
  for (const hole of holes) {
    const [x, y] = hole as unknown as [number, number];
    // The smallest part around the hole, since parts may lie within holes of others.
    const part = yield* smallestAround(parts, x, y);
    if (part === undefined) continue;
    part.polygon = bridged(part.polygon, hole);
    yield part.polygon.length;
  }
  return parts.reverse().map(({ polygon }) => polygon.map((halves) => halves / 2));
}

/** The first whose outline surrounds the point. */
function* smallestAround<Part extends { readonly outline: Ring }>(
  parts: readonly Part[],
  x: number,
  y: number,
): PausableWork<Part | undefined> {
  for (const part of parts) {
    if (surrounds(part.outline, x, y)) return part;
    yield part.outline.length;
  }
  return undefined;
}

/**
 * The mask at the threshold as an SVG image of the photograph's size: one black path, holes by the
 * even-odd rule. It has no script, no style and no reference to anything.
 */
export function maskSvg(record: MaskRecord, options?: PausableOptions): Promise<string> {
  return runInPieces(svg(record, options), options?.pause);
}

function* svg(record: MaskRecord, options?: PausableOptions): PausableWork<string> {
  const { width, height } = record;
  const paths: string[] = [];
  for (const ring of yield* outlines(record, options)) {
    paths.push(pathOf(ring));
    yield PIXELS_PER_POINT * ring.length;
  }
  const path = paths.join("");
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}"><path fill-rule="evenodd" d="${path}"/></svg>`
  );
}

/** Cost of writing a number, in pixels. */
const PIXELS_PER_POINT = 16;

/** A closed subpath: the first point, then steps from one point to the next. */
function pathOf(ring: Ring): string {
  let [x, y] = ring as unknown as [number, number];
  let path = `M${x / 2} ${y / 2}l`;
  for (let i = 2; i < ring.length; i += 2) {
    const [nextX, nextY] = [ring[i] as number, ring[i + 1] as number];
    path += `${i > 2 ? " " : ""}${(nextX - x) / 2} ${(nextY - y) / 2}`;
    [x, y] = [nextX, nextY];
  }
  return `${path}z`;
}

/** Twice the area in half pixels squared, positive when it is clockwise (y points down). */
function areaOf(ring: Ring): number {
  let sum = 0;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    sum +=
      (ring[j] as number) * (ring[i + 1] as number) - (ring[i] as number) * (ring[j + 1] as number);
  }
  return sum;
}

/** Whether a ray from the point to the left crosses the ring an odd number of times. */
function surrounds(ring: Ring, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    const [fromY, toY] = [ring[j + 1] as number, ring[i + 1] as number];
    if (fromY > y === toY > y) continue;
    const [fromX, toX] = [ring[j] as number, ring[i] as number];
    if (fromX + ((y - fromY) / (toY - fromY)) * (toX - fromX) < x) inside = !inside;
  }
  return inside;
}

/** The polygon, from its point nearest to the hole's first one around the hole and back. */
function bridged(polygon: readonly number[], hole: Ring): number[] {
  const [x, y] = hole as unknown as [number, number];
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < polygon.length; i += 2) {
    const distance = ((polygon[i] as number) - x) ** 2 + ((polygon[i + 1] as number) - y) ** 2;
    if (distance < least) {
      least = distance;
      nearest = i;
    }
  }
  const start = polygon.slice(0, nearest + 2);
  return [...start, ...hole, x, y, ...polygon.slice(nearest)];
}
