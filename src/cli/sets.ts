import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { UsageError } from "./usage-error.ts";

/** File names that are taken for photographs. What is inside decides whether they can be read. */
const EXTENSIONS = new Set([
  ...[".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".heic", ".heif"],
]);

export interface Photograph {
  /** As it is shown, and as the manifest calls it: its path below the set's folder. */
  readonly name: string;
  readonly path: string;
}

/** Photographs that are looked at together. */
export interface PhotographSet {
  /** Path below the output folder; empty for the only set of a call. */
  readonly folder: string;
  /** As it is shown. */
  readonly title: string;
  readonly photographs: readonly Photograph[];
}

export function isPhotograph(name: string): boolean {
  return !name.startsWith(".") && EXTENSIONS.has(extname(name).toLowerCase());
}

/**
 * The sets that paths stand for: each folder is one, and files that are given together are one. With
 * `recursive`, every folder below that holds photographs is a set of its own.
 *
 * @throws UsageError when a path does not exist, or no photograph is found
 */
export async function readSets(
  paths: readonly string[],
  { recursive = false }: { readonly recursive?: boolean } = {},
): Promise<PhotographSet[]> {
  const files: Photograph[] = [];
  const folders: string[] = [];
  for (const path of paths) {
    const information = await stat(path).catch(() => undefined);
    if (information === undefined) throw new UsageError(`There is no file or folder ${path}.`);
    if (information.isDirectory()) folders.push(resolve(path));
    else files.push({ name: path, path: resolve(path) });
  }
  const sets: PhotographSet[] = [];
  if (files.length > 0) {
    sets.push({ folder: "files", title: titleOf(files), photographs: shortNames(files) });
  }
  for (const root of folders) sets.push(...(await setsIn(root, root, recursive)));
  if (sets.length === 0) throw new UsageError(await nothingIn(paths, folders));
  const [only] = sets;
  if (sets.length === 1 && only !== undefined) return [{ ...only, folder: "" }];
  return distinctFolders(sets);
}

async function setsIn(folder: string, root: string, recursive: boolean): Promise<PhotographSet[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const photographs = entries
    .filter((entry) => !entry.isDirectory() && isPhotograph(entry.name))
    .map(({ name }) => ({ name, path: join(folder, name) }));
  const sets: PhotographSet[] = [];
  if (photographs.length > 0) {
    const below = join(basename(root), relative(root, folder));
    sets.push({ folder: below, title: below.split(sep).join("/"), photographs });
  }
  if (recursive) {
    for (const entry of entries) {
      if (isFolder(entry)) sets.push(...(await setsIn(join(folder, entry.name), root, true)));
    }
  }
  return sets;
}

/** Files by their names alone, where these differ. */
function shortNames(files: readonly Photograph[]): readonly Photograph[] {
  const short = files.map(({ path }) => ({ name: basename(path), path }));
  return new Set(short.map(({ name }) => name)).size === files.length ? short : files;
}

const isFolder = (entry: Dirent) => entry.isDirectory() && !entry.name.startsWith(".");

function titleOf(files: readonly Photograph[]): string {
  const folders = new Set(files.map(({ path }) => dirname(path)));
  return folders.size === 1 ? basename([...folders][0] as string) : "files";
}

/** Two folders of one name, from different places, are told apart by a number. */
function distinctFolders(sets: readonly PhotographSet[]): PhotographSet[] {
  const taken = new Set<string>();
  return sets.map((set) => {
    let folder = set.folder;
    for (let number = 2; taken.has(folder); number++) folder = `${set.folder}-${number}`;
    taken.add(folder);
    return { ...set, folder };
  });
}

async function nothingIn(paths: readonly string[], folders: readonly string[]): Promise<string> {
  const shown = paths.join(", ");
  const found = `${shown} has no photographs (${[...EXTENSIONS].join(" ")}).`;
  for (const folder of folders) {
    const below = await setsIn(folder, folder, true);
    if (below.length > 0) return `${found} Folders below it have: add --recursive.`;
  }
  return found;
}
