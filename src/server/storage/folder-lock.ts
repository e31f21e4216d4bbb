import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The process that uses a folder. */
export interface LockHolder {
  readonly process: number;
  readonly host: string;
  /** RFC 3339. */
  readonly since: string;
  /** Its address. */
  readonly url: string;
}

/** Another process has the folder open. */
export class FolderInUse extends Error {
  override readonly name = "FolderInUse";
}

/** SQLite's SQLITE_BUSY: another connection holds the lock. */
const BUSY = 5;

/** SQLite's SQLITE_READONLY and SQLITE_CANTOPEN: nobody can write here. */
const READ_ONLY = new Set([8, 14]);

/**
 * Locks a folder for this process. Two processes in one folder would count its bytes twice, and
 * replace and delete each other's files.
 *
 * Node has no file locks of its own, but SQLite, which comes with it, has: an open transaction locks
 * the database's file (fcntl(2)) until its process ends, however it ends, and in whichever container
 * it ran. The database stays empty. A folder that cannot be written needs no lock, and gets none.
 *
 * @returns a function that releases the folder
 * @throws FolderInUse, which names the other process
 */
export async function lockFolder(path: string, url: string): Promise<() => void> {
  const note = join(path, "lock.json");
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(join(path, "lock"));
    database.exec("BEGIN IMMEDIATE");
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    if (errcode === BUSY) throw inUse(path, await holderIn(note));
    if (READ_ONLY.has(errcode ?? 0)) return () => {};
    throw error;
  }
  const holder: LockHolder = {
    process: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    url,
  };
  // Only for error messages. The lock is what counts.
  await writeFile(note, `${JSON.stringify(holder)}\n`).catch(() => {});
  let isHeld = true;
  return function unlock() {
    if (isHeld) database.close();
    isHeld = false;
  };
}

async function holderIn(note: string): Promise<LockHolder | undefined> {
  try {
    return JSON.parse(await readFile(note, "utf8"));
  } catch {
    return undefined;
  }
}

function inUse(path: string, holder: LockHolder | undefined): FolderInUse {
  const who =
    holder === undefined
      ? "another server"
      : `the server at ${holder.url} (process ${holder.process} on ${holder.host}, since ${holder.since})`;
  return new FolderInUse(
    `${path} belongs to ${who}. Stop that one, or give this one another folder with --data or COSAL_DATA.`,
  );
}
