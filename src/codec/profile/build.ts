type Bytes = Uint8Array<ArrayBuffer>;
type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];
/** x and y of the CIE 1931 diagram. */
type Chromaticity = readonly [number, number];

/** Where the three colours and white lie. */
export interface Primaries {
  readonly white: Chromaticity;
  readonly red: Chromaticity;
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
}

/** White of profiles, D50 (ICC.1:2022, 7.2.16), and Bradford's matrix of the eye (annex E). */
const D50: Triple = [0.9642, 1, 0.8249];
const BRADFORD: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
];

/** A parametric curve (10.18): how light grows with a sample. */
function parametric(kind: number, ...parameters: readonly number[]): Bytes {
  return joinedBytes(letters("para"), [0, 0, 0, 0, 0, kind, 0, 0], parameters.flatMap(fixed));
}

export function gammaCurve(gamma: number): Bytes {
  return parametric(0, gamma);
}

/** IEC 61966-2-1. */
export function srgbCurve(): Bytes {
  return parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045);
}

/**
 * An ICC profile for RGB with such primaries, and one curve for all three colours.
 *
 * @param curve the data of a TRC tag
 */
export function matrixProfile(primaries: Primaries, curve: Uint8Array): Bytes {
  const [red, green, blue] = columnsToD50(primaries);
  const description = (value: string) => {
    const units = [...value].flatMap((letter) => [0, letter.charCodeAt(0)]);
    const head = [...words(0, 1, 12), ...letters("enUS"), ...words(units.length, 28)];
    return joinedBytes(letters("mluc"), head, units);
  };
  const xyz = (values: Triple) => joinedBytes(letters("XYZ "), words(0), values.flatMap(fixed));
  const tags: readonly (readonly [string, Uint8Array])[] = [
    ["desc", description("RGB")],
    ["cprt", description("CC0")],
    ["wtpt", xyz(D50)],
    ["rXYZ", xyz(red)],
    ["gXYZ", xyz(green)],
    ["bXYZ", xyz(blue)],
    ["rTRC", curve],
    ["gTRC", curve],
    ["bTRC", curve],
  ];
  return profileOf(tags);
}

/** Header (7.2), tag table and tags, each beginning with a word; equal data are there once. */
function profileOf(tags: readonly (readonly [string, Uint8Array])[]): Bytes {
  const table: number[] = words(tags.length);
  const data: number[] = [];
  const places = new Map<Uint8Array, number>();
  const start = 128 + 4 + 12 * tags.length;
  for (const [name, content] of tags) {
    let at = places.get(content);
    if (at === undefined) {
      at = start + data.length;
      places.set(content, at);
      data.push(...content, ...new Array((4 - (content.length % 4)) % 4).fill(0));
    }
    table.push(...letters(name), ...words(at, content.length));
  }
  const header = new Uint8Array(128);
  header.set(words(start + data.length), 0);
  header.set([4, 0x40], 8);
  header.set(letters("mntrRGB XYZ "), 12);
  // A date is wanted; the same picture gets the same bytes.
  header.set([7, 0xe9, 0, 1, 0, 1], 24);
  header.set(letters("acsp"), 36);
  header.set(D50.flatMap(fixed), 68);
  return joinedBytes(header, table, data);
}

/** XYZ of red, green and blue at full strength, as the eye sees them when white is D50. */
function columnsToD50({ white, red, green, blue }: Primaries): Matrix {
  const light = ([x, y]: Chromaticity): Triple => [x / y, 1, (1 - x - y) / y];
  const columns: Matrix = [light(red), light(green), light(blue)];
  const strength = times(inverse(transposed(columns)), light(white));
  const own = columns.map((column, i) =>
    column.map((value) => value * (strength[i] as number)),
  ) as unknown as Matrix;
  const [from, to] = [times(BRADFORD, light(white)), times(BRADFORD, D50)];
  const adapted = (color: Triple): Triple => {
    const cones = times(BRADFORD, color);
    const scaled = cones.map((cone, i) => (cone * (to[i] as number)) / (from[i] as number));
    return times(inverse(BRADFORD), scaled as unknown as Triple);
  };
  return own.map(adapted) as unknown as Matrix;
}

function times(matrix: Matrix, [a, b, c]: Triple): Triple {
  return matrix.map(([x, y, z]) => x * a + y * b + z * c) as unknown as Triple;
}

function transposed([a, b, c]: Matrix): Matrix {
  return [
    [a[0], b[0], c[0]],
    [a[1], b[1], c[1]],
    [a[2], b[2], c[2]],
  ];
}

function inverse([a, b, c]: Matrix): Matrix {
  const cross = (u: Triple, v: Triple): Triple => [
    u[1] * v[2] - u[2] * v[1],
    u[2] * v[0] - u[0] * v[2],
    u[0] * v[1] - u[1] * v[0],
  ];
  const bc = cross(b, c);
  const determinant = a[0] * bc[0] + a[1] * bc[1] + a[2] * bc[2];
  const scaled = (row: Triple) => row.map((value) => value / determinant) as unknown as Triple;
  return transposed([scaled(bc), scaled(cross(c, a)), scaled(cross(a, b))]);
}

/** A number as s15Fixed16 (4.6). */
function fixed(value: number): number[] {
  return words(Math.round(value * 65_536));
}

function words(...numbers: readonly number[]): number[] {
  return numbers.flatMap((n) => [(n >> 24) & 255, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
}

function letters(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

function joinedBytes(...parts: readonly ArrayLike<number>[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
