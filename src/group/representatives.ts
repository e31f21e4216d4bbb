/**
 * Which photographs of a set that is larger than a group stand for all of it: `most` places, evenly
 * spaced over the set's order. Photographs beside each other are often alike (frames of a clip, a
 * burst, names sorted by time), so even spacing takes in more of what there is than the first ones
 * would.
 *
 * @returns ascending places, from 0; all of them when there are no more than `most`
 */
export function representatives(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, place) => place);
  return Array.from({ length: most }, (_, i) => Math.floor(((i + 0.5) * count) / most));
}
