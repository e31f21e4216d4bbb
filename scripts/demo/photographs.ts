import { readdir, readFile, stat } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { MAX_GROUP } from "../../src/engine/index.ts";

const EXTENSIONS = new Set([".jpg", ".jpeg", ".png", ".webp", ".avif"]);

export interface Photograph {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface PhotographGroup {
  readonly name: string;
  readonly photographs: readonly Photograph[];
}

/** A mistake of the user's, to be shown without a stack. */
export class UsageError extends Error {}

/**
 * The groups in a folder: its own photographs are one; if it has none, each folder in it that has
 * photographs is one.
 *
 * @throws UsageError when there is no such folder, no photograph, or too many of them
 */
export async function readGroups(folder: string): Promise<PhotographGroup[]> {
  const path = resolve(folder);
  const information = await stat(path).catch(() => undefined);
  if (information === undefined) throw new UsageError(`There is no folder ${path}.`);
  if (!information.isDirectory()) {
    throw new UsageError(
      `${path} is a file. Give a folder with the photographs of one group in it.`,
    );
  }
  const own = await readGroup(path);
  if (own !== undefined) return [own];
  const entries = await readdir(path, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const groups = await Promise.all(folders.sort().map((name) => readGroup(join(path, name))));
  const found = groups.filter((group) => group !== undefined);
  if (found.length === 0) {
    throw new UsageError(`${path} has no photographs (${[...EXTENSIONS].join(", ")}).`);
  }
  return found;
}

async function readGroup(path: string): Promise<PhotographGroup | undefined> {
  const names = (await readdir(path)).filter((name) => EXTENSIONS.has(extname(name).toLowerCase()));
  if (names.length === 0) return undefined;
  if (names.length > MAX_GROUP) {
    throw new UsageError(
      `${path} has ${names.length} photographs; a group has at most ${MAX_GROUP}. Move some to another folder.`,
    );
  }
  const photographs = await Promise.all(
    names.sort().map(async (name) => ({
      name,
      bytes: Uint8Array.from(await readFile(join(path, name))),
    })),
  );
  return { name: basename(path), photographs };
}
