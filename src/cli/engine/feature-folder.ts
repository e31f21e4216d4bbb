import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FeatureCache } from "../../engine/index.ts";
import { writeWhole } from "../output/whole-file.ts";

/** Features on the disk, so that threads can share them: a file for each image. */
export function featureFolder(folder: string): FeatureCache {
  const file = (key: string) => join(folder, `${key.split("/").at(-1)}.features`);
  return {
    get: (key) => readFile(file(key)).catch(() => undefined),
    put: (key, bytes) => writeWhole(file(key), bytes),
  };
}

/** A folder that is removed when the work is done. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "cosal-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
