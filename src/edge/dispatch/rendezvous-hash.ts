/**
 * The order in which backends are asked for a group: rendezvous hashing (Thaler and Ravishankar
 * 1998) on the group's smallest image digest. Equal groups go to the same backend, where their
 * features are warm. So do similar ones: two sets share their smallest digest with the probability
 * that their Jaccard similarity gives (Broder 1997), so a group of 20 with one image added stays
 * where it was in 20 of 21 cases. When a backend leaves, only its own groups move.
 *
 * @param digests SHA-256 of each image, hex; at least one
 * @returns the same backends, the preferred one first
 */
export function rank<T extends { readonly name: string }>(
  backends: readonly T[],
  digests: readonly string[],
): T[] {
  const key = digests.reduce((least, digest) => (digest < least ? digest : least));
  const weighed = backends.map((backend) => ({ backend, weight: hash(`${key}\n${backend.name}`) }));
  weighed.sort((a, b) => b.weight - a.weight || (a.backend.name < b.backend.name ? -1 : 1));
  return weighed.map(({ backend }) => backend);
}

/** FNV-1a over UTF-16 units, then the finalizer of MurmurHash3: 32 bits, evenly spread. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
