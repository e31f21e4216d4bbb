import { decodeConsensus, MAX_CONSENSUS_BYTES } from "../../engine/index.ts";
import { problemOf } from "../engine/problem.ts";
import { addPhotographs, type NamedFile } from "./actions.ts";
import { notice } from "./notice.ts";
import { givenConsensus } from "./run.ts";

/** Extensions of photographs in a folder. Other files are ignored. */
const IS_PHOTOGRAPH = /\.(jpe?g|jpe|jfif|png|webp|avif|hei[cf])$/i;

/** Adds chosen, pasted or dropped files: photographs, or a consensus. */
export async function takeFiles(files: Iterable<File>): Promise<void> {
  const taken: NamedFile[] = [];
  for (const file of files) {
    if (await isConsensus(file)) await takeConsensus([file]);
    else taken.push({ file, name: file.webkitRelativePath || file.name });
  }
  addPhotographs(taken);
}

/** Adds a folder from an `<input>`, with all its subfolders. */
export function takeFolder(files: Iterable<File>): Promise<void> {
  return takeFiles(Array.from(files).filter(({ name }) => isPhotograph(name)));
}

export async function takeDropped({ items, files }: DataTransfer): Promise<void> {
  // The entries are only valid during this task.
  const entries = Array.from(items, (item) => item.webkitGetAsEntry());
  if (entries.every((entry) => entry === null)) return takeFiles(files);
  const found: File[] = [];
  for (const entry of entries) if (entry) found.push(...(await filesOf(entry, true)));
  return takeFiles(found);
}

async function filesOf(entry: FileSystemEntry, isNamed: boolean): Promise<File[]> {
  if (entry.isFile) {
    // Other files in a folder are ignored. A file that was dropped itself gets an error instead.
    if (!isNamed && !isPhotograph(entry.name)) return [];
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [file];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    // Each call returns a part of the folder.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return found;
    for (const inner of entries) found.push(...(await filesOf(inner, false)));
  }
}

function isPhotograph(name: string): boolean {
  return !name.startsWith(".") && IS_PHOTOGRAPH.test(name);
}

async function isConsensus(file: Blob): Promise<boolean> {
  if (file.size >= MAX_CONSENSUS_BYTES) return false;
  return (await file.slice(0, 4).text()) === "COSC";
}

export async function takeConsensus([file]: readonly File[]): Promise<void> {
  if (file === undefined) return;
  try {
    givenConsensus.value = { name: file.name, consensus: decodeConsensus(await file.bytes()) };
  } catch (error) {
    notice.value = problemOf(error);
  }
}
