import { chmod, mkdir } from "node:fs/promises";

/**
 * A folder that nobody else on this machine can look into, whatever its files' own modes are. One
 * that is there already is closed; where it belongs to somebody else, that is for them to say.
 */
export async function privateFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700).catch((error: NodeJS.ErrnoException) => {
    if (!["EPERM", "EROFS"].includes(error.code ?? "")) throw error;
  });
  return path;
}
