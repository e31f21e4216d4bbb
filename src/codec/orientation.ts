import type { Orientation, Pixels } from "./types.ts";

export function swapsAxes(orientation: Orientation): boolean {
  return orientation >= 5;
}

/**
 * Where the upright pixel (x, y) is stored, in an image stored `width` x `height`: an index counted
 * in pixels, as `start + x * stepX + y * stepY`.
 */
function storage(orientation: Orientation, width: number, height: number) {
  const last = width * height - 1;
  switch (orientation) {
    case 1:
      return { start: 0, stepX: 1, stepY: width };
    case 2:
      return { start: width - 1, stepX: -1, stepY: width };
    case 3:
      return { start: last, stepX: -1, stepY: -width };
    case 4:
      return { start: width * (height - 1), stepX: 1, stepY: -width };
    case 5:
      return { start: 0, stepX: width, stepY: 1 };
    case 6:
      return { start: width * (height - 1), stepX: -width, stepY: 1 };
    case 7:
      return { start: last, stepX: -width, stepY: -1 };
    case 8:
      return { start: width - 1, stepX: width, stepY: -1 };
  }
}

/** Turns stored pixels upright, into memory of their own. */
export function upright(stored: Pixels, orientation: Orientation): Pixels {
  if (orientation === 1) return { ...stored, data: stored.data.slice() };
  const [width, height] = swapsAxes(orientation)
    ? [stored.height, stored.width]
    : [stored.width, stored.height];
  const from = new Uint32Array(stored.data.slice().buffer);
  const to = new Uint32Array(width * height);
  turn(from, to, width, height, orientation, stored.width, stored.height);
  return { width, height, data: new Uint8Array(to.buffer) };
}

/** Turns each plane of `[planes, height, width]`, stored sideways when the orientation says so. */
export function uprightPlanes(
  planes: Float32Array,
  width: number,
  height: number,
  orientation: Orientation,
  result: Float32Array = new Float32Array(planes.length),
): Float32Array {
  const [storedWidth, storedHeight] = swapsAxes(orientation) ? [height, width] : [width, height];
  const size = width * height;
  for (let start = 0; start < planes.length; start += size) {
    const from = planes.subarray(start, start + size);
    const to = result.subarray(start, start + size);
    turn(from, to, width, height, orientation, storedWidth, storedHeight);
  }
  return result;
}

function turn(
  from: Float32Array | Uint32Array,
  to: Float32Array | Uint32Array,
  width: number,
  height: number,
  orientation: Orientation,
  storedWidth: number,
  storedHeight: number,
): void {
  const { start, stepX, stepY } = storage(orientation, storedWidth, storedHeight);
  let index = 0;
  for (let y = 0; y < height; y++) {
    let source = start + y * stepY;
    for (let x = 0; x < width; x++, source += stepX) to[index++] = from[source] as number;
  }
}
