import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a folder's names to the disk: a file whose contents are there can still be lost with its
 * name (fsync(2)). Windows has no such call, and needs none.
 */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  let folder: FileHandle;
  try {
    folder = await open(path, "r");
  } catch (error) {
    // One that has been removed has no names.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * The same for a file's folder and for those above it that were made for it.
 *
 * @param created the first of them, as `mkdir` says
 */
export async function syncFoldersOf(file: string, created: string | undefined): Promise<void> {
  const last = created === undefined ? dirname(file) : dirname(created);
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === last || folder === dirname(folder)) return;
  }
}
