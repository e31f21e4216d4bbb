import { join } from "node:path";
import { diskProbe } from "./disk-probe.ts";
import { lockFolder } from "./folder-lock.ts";
import { privateFolder } from "./private-folder.ts";

/** Files of another layout lie in a folder of another name, and are not looked at. */
const LAYOUT = "2";

/**
 * How the bytes are shared out. Photographs are large and soon forgotten; masks are 5 to 50 kB; a
 * job is a few kB, with seeds up to 256; a photograph of a batch has two lines, of some hundred bytes.
 */
const SHARES = { images: 0.4, groups: 0.3, features: 0.15, jobs: 0.05, batches: 0.1 };

export type StoredKind = keyof typeof SHARES;

/** A folder for each kind of what is stored, and the bytes that may lie there; this process's alone. */
export type DataFolder = Readonly<
  Record<StoredKind, { readonly path: string; readonly bytes: number }>
> & {
  /** The file of signed requests that have come (`NonceFile`). */
  readonly nonces: string;
  /** Why the disk takes nothing now, in a few words; undefined when it does. */
  readonly problem: () => Promise<string | undefined>;
  /** Gives the folder back. */
  close(): void;
};

/**
 * @param bytes of all files together
 * @param url where this server listens, to be told to who wants the folder too
 * @throws FolderInUse
 */
export async function openDataFolder(
  path: string,
  bytes: number,
  url: string,
): Promise<DataFolder> {
  const root = await privateFolder(join(path, LAYOUT));
  const close = await lockFolder(root, url);
  const open = async (kind: StoredKind) => ({
    path: await privateFolder(join(root, kind)),
    bytes: Math.max(1, Math.floor(bytes * SHARES[kind])),
  });
  try {
    const images = await open("images");
    const groups = await open("groups");
    const features = await open("features");
    const jobs = await open("jobs");
    const batches = await open("batches");
    const nonces = join(root, "nonces");
    const problem = diskProbe(root);
    return { images, groups, features, jobs, batches, nonces, problem, close };
  } catch (error) {
    close();
    throw error;
  }
}
