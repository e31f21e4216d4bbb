import { join } from "node:path";
import { diskProbe } from "./disk-probe.ts";
import { lockFolder } from "./folder-lock.ts";
import { privateFolder } from "./private-folder.ts";

/** Version of the layout. Files of other layouts lie in folders of other names and are ignored. */
const LAYOUT = "2";

/**
 * Each kind's share of the bytes. Photographs are large and kept for a short time. A mask has 5 to
 * 50 kB. A job has a few kB, or up to 256 kB with seeds. A photograph of a batch has two lines of some
 * hundred bytes.
 */
const SHARES = { images: 0.4, groups: 0.3, features: 0.15, jobs: 0.05, batches: 0.1 };

export type StoredKind = keyof typeof SHARES;

/** A folder with maximum bytes for each kind of data. Only this process uses them. */
export type DataFolder = Readonly<
  Record<StoredKind, { readonly path: string; readonly bytes: number }>
> & {
  /** The file with the nonces of signed requests (`NonceFile`). */
  readonly nonces: string;
  /** Why the disk cannot be written now, in a few words. Undefined if it can. */
  readonly problem: () => Promise<string | undefined>;
  /** Releases the folder. */
  close(): void;
};

/**
 * @param bytes maximum of all files together
 * @param url address of this server, for the error message of another process that wants the folder
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
