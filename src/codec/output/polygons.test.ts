import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bitmap, bitmapOf, drawn, recordOf, someRecord } from "../../../test/masks.ts";
import { contours } from "./contours.ts";
import { runInPieces } from "./paced.ts";
import { maskPolygons, maskSvg } from "./polygons.ts";

function* rowsOf({ width, height, data }: Bitmap): Generator<Uint8Array> {
  for (let y = 0; y < height; y++) yield data.subarray(y * width, (y + 1) * width);
}

/** Pixels whose centres lie inside by the even-odd rule; coordinates in pixels. */
function filled(rings: Iterable<ArrayLike<number>>, width: number, height: number): Bitmap {
  const data = new Uint8Array(width * height);
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const [x0, y0] = [ring[j] as number, ring[j + 1] as number];
      const [x1, y1] = [ring[i] as number, ring[i + 1] as number];
      for (let y = 0; y < height; y++) {
        if (y0 > y + 0.5 === y1 > y + 0.5) continue;
        const x = x0 + ((y + 0.5 - y0) / (y1 - y0)) * (x1 - x0);
        // All pixels from here to the right change sides.
        for (let column = Math.max(0, Math.ceil(x - 0.5)); column < width; column++) {
          data[y * width + column]! ^= 1;
        }
      }
    }
  }
  return { width, height, data };
}

/** Pixels that differ although no pixel around them is of the other kind. */
function farOff(found: Bitmap, wanted: Bitmap): number {
  const { width, height, data } = wanted;
  const at = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : data[y * width + x];
  let count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (found.data[y * width + x] === at(x, y)) continue;
      const around = [-1, 0, 1].flatMap((dy) => [-1, 0, 1].map((dx) => at(x + dx, y + dy)));
      if (new Set(around).size === 1) count++;
    }
  }
  return count;
}

const differences = (a: Bitmap, b: Bitmap) =>
  a.data.reduce((sum, bit, i) => sum + (bit === b.data[i] ? 0 : 1), 0);

const anyBitmap = fc
  .record({ width: fc.integer({ min: 1, max: 20 }), height: fc.integer({ min: 1, max: 20 }) })
  .chain(({ width, height }) =>
    fc
      .array(fc.integer({ min: 0, max: 1 }), {
        minLength: width * height,
        maxLength: width * height,
      })
      .map((bits): Bitmap => ({ width, height, data: Uint8Array.from(bits) })),
  );

test("contours, filled, are the mask: any bitmap", () =>
  fc.assert(
    fc.asyncProperty(anyBitmap, async (bitmap) => {
      const { width, height } = bitmap;
      const rings = await runInPieces(contours(rowsOf(bitmap), width, height), undefined);
      const points = rings.map((ring) => [...ring].map((v) => v / 2));
      expect(filled(points, width, height)).toEqual(bitmap);
    }),
    { numRuns: 300 },
  ));

/** The subpaths of an SVG's only path. */
function ringsOf(svg: string): number[][] {
  const path = /^<svg [^<>]*><path fill-rule="evenodd" d="([^"<>]*)"\/><\/svg>$/.exec(svg)?.[1];
  if (path === undefined) throw new Error(`not as expected: ${svg}`);
  return path
    .split(/(?<=z)/)
    .filter(Boolean)
    .map((part) => {
      const [x = 0, y = 0, ...steps] = part.match(/-?[\d.]+/g)?.map(Number) ?? [];
      const ring = [x, y];
      for (let i = 0; i < steps.length; i += 2) {
        ring.push((ring.at(-2) as number) + (steps[i] as number));
        ring.push((ring.at(-2) as number) + (steps[i + 1] as number));
      }
      return ring;
    });
}

test("polygons and SVG, filled, differ from the mask along its outline only", () =>
  fc.assert(
    fc.asyncProperty(someRecord, async (record) => {
      const { width, height } = record;
      const wanted = bitmapOf(record);
      for (const rings of [await maskPolygons(record), ringsOf(await maskSvg(record))]) {
        expect(farOff(filled(rings, width, height), wanted)).toBe(0);
      }
    }),
    { numRuns: 200 },
  ));

test("a bridge to a hole changes nothing: polygons and SVG fill the same pixels", () =>
  fc.assert(
    fc.asyncProperty(someRecord, async (record) => {
      const { width, height } = record;
      const polygons = filled(await maskPolygons(record), width, height);
      expect(polygons).toEqual(filled(ringsOf(await maskSvg(record)), width, height));
    }),
  ));

test("a circle of 200 pixels takes few points and loses few pixels", async () => {
  const data = new Uint8Array(240 * 240);
  for (let i = 0; i < data.length; i++) {
    data[i] = Math.hypot((i % 240) - 119.5, Math.floor(i / 240) - 119.5) < 100 ? 1 : 0;
  }
  const circle = { width: 240, height: 240, data };
  const [polygon = [], ...others] = await maskPolygons(recordOf(circle));
  expect(others).toEqual([]);
  expect(polygon.length / 2).toBeLessThan(60);
  expect(differences(filled([polygon], 240, 240), circle)).toBeLessThan(0.004 * 31416);
});

test("a rectangle keeps its corners, and so does its hole", async () => {
  const rectangle = drawn("........", ".######.", ".######.", ".######.", "........");
  const polygons = await maskPolygons(recordOf(rectangle));
  expect(polygons.map((ring) => ring.length)).toEqual([8]);
  expect(new Set(polygons[0])).toEqual(new Set([1, 7, 4]));
  const full = { width: 9, height: 7, data: new Uint8Array(63).fill(1) };
  expect(await maskSvg(recordOf(full))).toBe(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="7" viewBox="0 0 9 7">' +
      '<path fill-rule="evenodd" d="M9 7l-9 0 0 -7 9 0z"/></svg>',
  );
});

test("a part within a hole within a part", async () => {
  const rings = drawn(
    "###########", //
    "#.........#",
    "#.#######.#",
    "#.#.....#.#",
    "#.#.....#.#",
    "#.#######.#",
    "#.........#",
    "###########",
  );
  const record = recordOf(rings);
  expect(await maskPolygons(record)).toHaveLength(2);
  expect(filled(await maskPolygons(record), rings.width, rings.height)).toEqual(rings);
});

test("nothing found: no polygon, an empty path", async () => {
  const record = recordOf({ width: 9, height: 8, data: new Uint8Array(72) });
  expect(await maskPolygons(record)).toEqual([]);
  expect(await maskSvg(record)).toContain(' d=""/>');
});
