import { fourCC, viewOf } from "../header/bytes.ts";

/**
 * Bytes of a profile that is carried along. Those of displays and working spaces have 0.5 to 10 kB,
 * those of cameras and scanners up to some hundreds; it is written into every cut-out.
 */
export const MAX_PROFILE_BYTES = 1024 * 1024;

const HEADER_BYTES = 128;
const TAG_BYTES = 12;
const MAX_TAGS = 100;

/** Colour space of the data that an ICC profile is for, e.g. `RGB ` (ICC.1:2022, 7.2.6). */
export function spaceOf(profile: Uint8Array): string | undefined {
  if (profile.length < HEADER_BYTES + 4 || profile.length > MAX_PROFILE_BYTES) return undefined;
  const view = viewOf(profile);
  const isWhole = view.getUint32(0) <= profile.length;
  return isWhole && fourCC(view, 36) === "acsp" ? fourCC(view, 16) : undefined;
}

/** The data of a tag (7.3); undefined where there is none. */
export function tagOf(profile: Uint8Array, name: string): Uint8Array | undefined {
  const view = viewOf(profile);
  const count = Math.min(view.getUint32(HEADER_BYTES), MAX_TAGS);
  for (let i = 0; i < count; i++) {
    const entry = HEADER_BYTES + 4 + TAG_BYTES * i;
    if (entry + TAG_BYTES > profile.length) return undefined;
    if (fourCC(view, entry) !== name) continue;
    const start = view.getUint32(entry + 4);
    const end = start + view.getUint32(entry + 8);
    return end <= profile.length ? profile.subarray(start, end) : undefined;
  }
  return undefined;
}
