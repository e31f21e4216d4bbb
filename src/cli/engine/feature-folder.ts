import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FeatureCache } from "../../engine/index.ts";

/** Features on the disk, so that threads can share them: a file for each image. */
export function featureFolder(folder: string): FeatureCache {
  return {
    get: (key) => readFile(fileOf(folder, key)).catch(() => undefined),
    async put(key, bytes) {
      // Two threads may have the same photograph.
      const unfinished = join(folder, randomUUID());
      await writeFile(unfinished, bytes);
      await rename(unfinished, fileOf(folder, key));
    },
  };
}

/** The same for the last that asks: what it takes is removed, and nothing is kept. */
export function lastFeatures(folder: string): FeatureCache {
  return {
    async get(key) {
      const bytes = await readFile(fileOf(folder, key)).catch(() => undefined);
      if (bytes !== undefined) await rm(fileOf(folder, key), { force: true });
      return bytes;
    },
    put: async () => {},
  };
}

function fileOf(folder: string, key: string): string {
  return join(folder, `${key.split("/").at(-1)}.features`);
}

/** A folder that is removed when the work is done. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "cosal-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
