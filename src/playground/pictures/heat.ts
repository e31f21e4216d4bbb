/** Every eighth of the colour map Inferno (matplotlib, CC0). Its lightness rises evenly, so it works without colour vision. */
const INFERNO = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
] as const;

const OPACITY = 215;

/** `[red, green, blue, alpha]` for a value of 0..1. */
export function heat(value: number): [number, number, number, number] {
  const place = Math.min(Math.max(value, 0), 1) * (INFERNO.length - 1);
  const below = Math.min(Math.floor(place), INFERNO.length - 2);
  const share = place - below;
  const [from, to] = [INFERNO[below], INFERNO[below + 1]] as [readonly number[], readonly number[]];
  const mixed = from.map((start, i) => start + share * ((to[i] as number) - start));
  return [...(mixed as [number, number, number]), OPACITY];
}
