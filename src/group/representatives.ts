/**
 * Picks photographs to represent a set that is larger than a group: `most` positions, evenly
 * spaced. Neighbouring photographs are often alike (frames of a clip, a burst, files sorted by
 * time), so even spacing covers more of the set than taking the first ones.
 *
 * @returns positions in ascending order, from 0; all of them if there are no more than `most`
 */
export function representatives(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, place) => place);
  return Array.from({ length: most }, (_, i) => Math.floor(((i + 0.5) * count) / most));
}
