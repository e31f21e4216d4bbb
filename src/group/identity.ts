import type { GroupOptions } from "./options.ts";
import { type SeedIdentity, seedLine } from "./seeds.ts";

/**
 * Must be raised whenever the same photographs, model and options produce different masks, for
 * example after a change to decoding, resizing or upsampling. Otherwise a stored result could be
 * mistaken for the new one.
 */
export const IDENTITY_VERSION = "cosal-group/2";

const DIGEST = /^[0-9a-f]{64}$/;
const TOKEN = /^[a-z0-9._-]{1,64}$/;

/** Everything that determines the identity of a group. */
export interface GroupContents {
  /** SHA-256 of the model (`Segmenter.digest`), 64 lower-case hex digits. */
  readonly model: string;
  /** The group whose consensus is used to mask the photographs, if it is not their own. */
  readonly consensusOf?: string;
  readonly options: GroupOptions;
  /** In any order. Duplicates count once. */
  readonly seeds?: readonly SeedIdentity[];
  /** SHA-256 of the bytes of each photograph's file. In any order; duplicates count once. */
  readonly images: readonly string[];
}

/**
 * The canonical form of a group: ASCII lines, each terminated by a line feed (0x0A).
 *
 * ```text
 * cosal-group/2
 * model <64 hex digits>
 * consensus <64 hex digits>                        only with another group's consensus
 * option <name> <value>                            one line per option, sorted by name
 * seed <image> point <x> <y>                       one line per distinct seed, the lines sorted
 * seed <image> box <x> <y> <width> <height>
 * seed <image> mask <width> <height> <SHA-256 of its grey values, row by row>
 * seed <image> rle <height> <width> <SHA-256 of its run lengths, e.g. "7 3 12">
 * seed <image> negative point <x> <y>              a mark of what is not meant; so too the others
 * image <64 hex digits>                            one line per distinct photograph, sorted
 * ```
 *
 * Lines are sorted by byte value; numbers are decimal integers. File names and the order in which
 * photographs were sent play no part. Test vectors for other languages:
 * `test/vectors/group-identity.json`.
 *
 * @throws TypeError if a digest, option or seed does not have the form above
 */
export function canonicalForm(contents: GroupContents): string {
  const { model, consensusOf, options, seeds = [], images } = contents;
  const lines = [IDENTITY_VERSION, `model ${checked(DIGEST, model)}`];
  if (consensusOf !== undefined) lines.push(`consensus ${checked(DIGEST, consensusOf)}`);
  for (const name of Object.keys(options).sort()) {
    lines.push(`option ${checked(TOKEN, name)} ${checked(TOKEN, options[name])}`);
  }
  lines.push(...distinct(seeds.map((seed) => `seed ${checked(DIGEST, seed.image)} ${line(seed)}`)));
  for (const image of distinct(images)) lines.push(`image ${checked(DIGEST, image)}`);
  return `${lines.join("\n")}\n`;
}

/** The identity of a group: SHA-256 of its canonical form, 64 lower-case hex digits. */
export async function groupId(contents: GroupContents): Promise<string> {
  return sha256(new TextEncoder().encode(canonicalForm(contents)));
}

/** SHA-256, 64 lower-case hex digits. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether a string looks like a SHA-256 as written by this module. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** Unique strings, sorted: the order in which the images of a group are computed. */
export function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function line(seed: SeedIdentity): string {
  if ("mask" in seed) checked(DIGEST, seed.mask.sha256);
  if ("rle" in seed) checked(DIGEST, seed.rle.sha256);
  return seedLine(seed);
}

function checked(pattern: RegExp, text: string | undefined): string {
  if (text === undefined || !pattern.test(text)) {
    throw new TypeError(`Expected ${pattern} in a group's identity but received ${text}`);
  }
  return text;
}
