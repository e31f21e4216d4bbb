import type { MattedImage } from "../../src/codec/output/foreground/multilevel.ts";

/** As in the authors' code (https://github.com/Photoroom/fast-foreground-estimation). */
const RADII = [90, 6];

/** Blur fusion, twice (Forte, arXiv:2101.07137): for comparison. */
export function blurFusion({ width, height, colours, alpha }: MattedImage): Float32Array {
  let foreground = colours;
  let background = colours;
  for (const radius of RADII) {
    const blur = (values: Float32Array) => boxBlur(values, width, height, radius);
    const front = blur(alpha);
    const back = front.map((value) => 1 - value);
    const planes = [0, 1, 2].map((c) => {
      const plane = (from: Float32Array, weight: (i: number) => number) =>
        blur(Float32Array.from(alpha, (_, i) => (from[3 * i + c] as number) * weight(i)));
      const f = plane(foreground, (i) => alpha[i] as number);
      const b = plane(background, (i) => 1 - (alpha[i] as number));
      return { f, b };
    });
    foreground = new Float32Array(colours.length);
    background = new Float32Array(colours.length);
    for (let i = 0; i < alpha.length; i++) {
      const a = alpha[i] as number;
      for (const [c, { f, b }] of planes.entries()) {
        const object = (f[i] as number) / ((front[i] as number) + 1e-5);
        const behind = (b[i] as number) / ((back[i] as number) + 1e-5);
        const rest = (colours[3 * i + c] as number) - a * object - (1 - a) * behind;
        foreground[3 * i + c] = Math.min(Math.max(object + a * rest, 0), 1);
        background[3 * i + c] = behind;
      }
    }
  }
  return foreground;
}

function boxBlur(values: Float32Array, width: number, height: number, radius: number) {
  const across = new Float32Array(values.length);
  for (let y = 0; y < height; y++) blurLine(values, across, y * width, 1, width, radius);
  const result = new Float32Array(values.length);
  for (let x = 0; x < width; x++) blurLine(across, result, x, width, height, radius);
  return result;
}

function blurLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  step: number,
  length: number,
  radius: number,
): void {
  let sum = 0;
  let count = 0;
  for (let i = -radius; i < length; i++) {
    if (i + radius < length) {
      sum += from[start + step * (i + radius)] as number;
      count++;
    }
    if (i - radius > 0) {
      sum -= from[start + step * (i - radius - 1)] as number;
      count--;
    }
    if (i >= 0) to[start + step * i] = sum / count;
  }
}
