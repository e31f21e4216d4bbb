import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MAX_BYTES } from "../../codec/index.ts";

/** Milliseconds that a result is reused, so that not every readiness check writes to the disk. */
const INTERVAL = 1000;

/** Bytes of the test file. */
const SAMPLE = new Uint8Array(64 * 1024);

/**
 * Checks that a folder can be written: it has room for the largest photograph, and a small file can
 * be written.
 *
 * @returns a function that says in a few words why not, or undefined if it can
 */
export function diskProbe(path: string): () => Promise<string | undefined> {
  let asked = Number.NEGATIVE_INFINITY;
  let answer: Promise<string | undefined> = Promise.resolve(undefined);
  return function probe() {
    const now = performance.now();
    if (now - asked >= INTERVAL) {
      asked = now;
      answer = problemOf(path);
    }
    return answer;
  };
}

async function problemOf(path: string): Promise<string | undefined> {
  const sample = join(path, "sample");
  try {
    const { bavail, bsize } = await statfs(path);
    if (bavail * bsize < MAX_BYTES) return "the disk is full";
    await writeFile(sample, SAMPLE);
    return undefined;
  } catch (error) {
    const { code = "an error" } = error as NodeJS.ErrnoException;
    return code === "ENOSPC" ? "the disk is full" : `the disk takes nothing (${code})`;
  } finally {
    await rm(sample, { force: true }).catch(() => {});
  }
}
