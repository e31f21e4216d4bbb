import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a folder's entries to the disk. Without it, a file whose content is on the disk can still be
 * lost with its name (fsync(2)). Windows neither has nor needs such a call.
 */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  let folder: FileHandle;
  try {
    folder = await open(path, "r");
  } catch (error) {
    // A folder that has been removed has no entries.
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
 * The same for a file's folder and for the folders above it that were created for it.
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
