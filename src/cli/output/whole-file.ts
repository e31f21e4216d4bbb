import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file whole or not at all: under another name first, which is then changed. What a killed
 * process has left of it is written over by the next.
 *
 * It waits for the disk: a thread that makes masks has nothing else to do, and asking Node's own threads
 * takes longer where every core is busy.
 */
export function writeWhole(path: string, content: Uint8Array | string): void {
  const unfinished = `${path}.part`;
  try {
    writeInFolder(unfinished, content);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function writeInFolder(path: string, content: Uint8Array | string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}
