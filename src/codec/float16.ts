const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** Bits of 2^-14, the smallest normal half. */
const SMALLEST_NORMAL = 0x38800000;
/** Bits of 2^16, beyond every half. */
const TOO_LARGE = 0x47800000;
const INFINITY = 0x7c00;
const NOT_A_NUMBER = 0x7e00;

/**
 * Converts numbers to IEEE 754 half precision, rounded to nearest, ties to even. Values beyond 65504
 * become infinite. Node 22 has no `Float16Array`.
 */
export function toHalves(numbers: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) {
    float[0] = numbers[i] as number;
    const word = bits[0] as number;
    const sign = (word >>> 16) & 0x8000;
    let size = word & 0x7fffffff;
    if (size >= TOO_LARGE) {
      halves[i] = sign | (size > 0x7f800000 ? NOT_A_NUMBER : INFINITY);
    } else if (size < SMALLEST_NORMAL) {
      // In 0.5 + x, the last place is worth 2^-24, as it is in a subnormal half.
      float[0] = Math.abs(numbers[i] as number) + 0.5;
      halves[i] = sign | ((bits[0] as number) - 0x3f000000);
    } else {
      size += 0xfff + ((size >>> 13) & 1);
      halves[i] = sign | ((size - 0x38000000) >>> 13);
    }
  }
  return halves;
}

/** Converts half-precision numbers to float32, exactly. */
export function fromHalves(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(halves.length);
  const words = new Uint32Array(numbers.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    const sign = (half & 0x8000) << 16;
    const exponent = half & INFINITY;
    if (exponent === INFINITY) words[i] = sign | 0x7f800000 | ((half & 0x3ff) << 13);
    else if (exponent === 0) numbers[i] = (sign ? -1 : 1) * (half & 0x3ff) * 2 ** -24;
    // Exponents are biased by 15 and by 127.
    else words[i] = sign | (((half & 0x7fff) << 13) + 0x38000000);
  }
  return numbers;
}
