import { Inflate } from "pako";
import { CosalError } from "../../errors.ts";
import { fourCC, viewOf } from "../header/bytes.ts";
import { primaryProperties } from "../header/heif-item.ts";
import { MARKER, nextSegment } from "../jpeg/markers.ts";
import { readPngImage } from "../png/image.ts";
import type { ImageType } from "../types.ts";
import { webpChunks } from "../webp/chunks.ts";
import type { Primaries } from "./build.ts";
import { MAX_PROFILE_BYTES } from "./icc.ts";
import { carriedProfile, profileOfCodes, profileOfGamma } from "./spaces.ts";

const READERS: Readonly<Record<ImageType, (bytes: Uint8Array) => Uint8Array | undefined>> = {
  "image/jpeg": ofJpeg,
  "image/png": ofPng,
  "image/webp": ofWebp,
  "image/avif": ofHeif,
  "image/heic": ofHeif,
};

/**
 * The ICC profile that a file's pixels, decoded to RGB, are in; undefined where it is sRGB or says
 * nothing. A profile that is broken or has more than `MAX_PROFILE_BYTES` counts as none: what it says
 * is no reason to refuse a photograph.
 */
export function readProfile(bytes: Uint8Array, type: ImageType): Uint8Array | undefined {
  try {
    // Memory of its own: the file's is large, and goes on.
    return READERS[type](bytes)?.slice();
  } catch (error) {
    if (error instanceof RangeError || error instanceof CosalError) return undefined;
    throw error;
  }
}

const ICC_PROFILE = "ICC_PROFILE\0";
/** Profiles are cut into segments, which say their place, from 1, and how many there are. */
const MAX_SEGMENTS = 255;

/** APP2 segments before the first scan (ICC.1:2022, B.4), in whatever order they stand. */
function ofJpeg(bytes: Uint8Array): Uint8Array | undefined {
  const parts = new Map<number, Uint8Array>();
  let total = 0;
  for (let offset = 2; ; ) {
    const segment = nextSegment(bytes, offset);
    if (segment === undefined || segment.marker === MARKER.SOS) break;
    offset = segment.end;
    if (segment.marker !== MARKER.APP0 + 2) continue;
    const content = bytes.subarray(segment.start, segment.end);
    if (![...ICC_PROFILE].every((letter, i) => content[i] === letter.charCodeAt(0))) continue;
    const [place = 0, count = 0] = content.subarray(ICC_PROFILE.length);
    total ||= Math.min(count, MAX_SEGMENTS);
    if (!parts.has(place)) parts.set(place, content.subarray(ICC_PROFILE.length + 2));
  }
  const ordered: Uint8Array[] = [];
  for (let place = 1; place <= total; place++) {
    const part = parts.get(place);
    if (part === undefined) return undefined;
    ordered.push(part);
  }
  const length = ordered.reduce((sum, part) => sum + part.length, 0);
  if (length === 0 || length > MAX_PROFILE_BYTES) return undefined;
  const profile = new Uint8Array(length);
  let offset = 0;
  for (const part of ordered) {
    profile.set(part, offset);
    offset += part.length;
  }
  return carriedProfile(profile);
}

/** The first of cICP, iCCP, sRGB, gAMA with cHRM (PNG third edition, 4.3). */
function ofPng(bytes: Uint8Array): Uint8Array | undefined {
  const { ancillary } = readPngImage(bytes);
  const [cicp, iccp] = [ancillary.get("cICP"), ancillary.get("iCCP")];
  if (cicp?.length === 4) return profileOfCodes(cicp[0] as number, cicp[1] as number);
  const profile = iccp && carriedProfile(inflatedProfile(iccp));
  if (profile !== undefined || ancillary.has("sRGB")) return profile;
  const [gama, chrm] = [ancillary.get("gAMA"), ancillary.get("cHRM")];
  if (gama?.length !== 4) return undefined;
  const gamma = viewOf(gama).getUint32(0) / 100_000;
  if (gamma < 0.1 || gamma > 2) return undefined;
  return profileOfGamma(gamma, chrm?.length === 32 ? primariesOf(viewOf(chrm)) : undefined);
}

/** A name, its zero, the method, and a zlib stream (11.3.2.3). */
function inflatedProfile(iccp: Uint8Array): Uint8Array {
  const name = iccp.indexOf(0);
  const parts: Uint8Array[] = [];
  let length = 0;
  const inflate = new Inflate();
  inflate.onData = (part) => {
    length += part.length;
    if (length > MAX_PROFILE_BYTES) throw new RangeError("the profile is too large");
    parts.push(part);
  };
  inflate.push(iccp.subarray(name + 2), true);
  if (name < 0 || inflate.err !== 0) throw new RangeError("the profile is no zlib stream");
  const profile = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    profile.set(part, offset);
    offset += part.length;
  }
  return profile;
}

/** cHRM (11.3.2.1): x and y of white, red, green and blue. */
function primariesOf(view: DataView): Primaries | undefined {
  const place = (i: number) =>
    [view.getUint32(8 * i) / 100_000, view.getUint32(8 * i + 4) / 100_000] as const;
  const primaries = { white: place(0), red: place(1), green: place(2), blue: place(3) };
  const isSound = Object.values(primaries).every(([x, y]) => y > 0.001 && x + y <= 1);
  return isSound ? primaries : undefined;
}

function ofWebp(bytes: Uint8Array): Uint8Array | undefined {
  for (const { type, data } of webpChunks(bytes)) if (type === "ICCP") return carriedProfile(data);
  return undefined;
}

/** A profile goes before code points (ISO/IEC 23000-22, 7.3.6.4). */
function ofHeif(bytes: Uint8Array): Uint8Array | undefined {
  const view = viewOf(bytes);
  const colours = primaryProperties(view)
    .filter(({ type }) => type === "colr")
    .map(({ start, end }) => ({ kind: fourCC(view, start), start: start + 4, end }));
  const icc = colours.find(({ kind }) => kind === "prof" || kind === "rICC");
  if (icc !== undefined) return carriedProfile(bytes.subarray(icc.start, icc.end));
  const nclx = colours.find(({ kind }) => kind === "nclx");
  return nclx && profileOfCodes(view.getUint16(nclx.start), view.getUint16(nclx.start + 2));
}
