import { chmod, mkdir } from "node:fs/promises";

/**
 * Creates a folder that no other user of this machine can read, whatever the modes of its files. An
 * existing folder gets the same mode, unless it belongs to another user.
 */
export async function privateFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700).catch((error: NodeJS.ErrnoException) => {
    if (!["EPERM", "EROFS"].includes(error.code ?? "")) throw error;
  });
  return path;
}
