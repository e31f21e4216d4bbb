import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FeatureCache } from "../../engine/index.ts";

/** Features on the disk, so that threads can share them: a file for each image. */
export function featureFolder(folder: string): FeatureCache {
  return {
    get: async (key) => featuresIn(fileOf(folder, key)),
    async put(key, bytes) {
      // Two threads may have the same photograph.
      const unfinished = join(folder, randomUUID());
      writeFileSync(unfinished, bytes);
      renameSync(unfinished, fileOf(folder, key));
    },
  };
}

/** The same for the last that asks: what it takes is removed, and nothing is kept. */
export function lastFeatures(folder: string): FeatureCache {
  return {
    async get(key) {
      const bytes = featuresIn(fileOf(folder, key));
      if (bytes !== undefined) rmSync(fileOf(folder, key), { force: true });
      return bytes;
    },
    put: async () => {},
  };
}

function featuresIn(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function fileOf(folder: string, key: string): string {
  return join(folder, `${key.split("/").at(-1)}.features`);
}

/** A folder that is removed when the work is done. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "cosal-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
