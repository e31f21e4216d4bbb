import { watch } from "node:fs/promises";
import { dirname } from "node:path";
import { isPhotograph, type PhotographSet } from "../sets.ts";

/** Milliseconds without another change, after which a file counts as written. */
const QUIET = 500;

/**
 * Calls `onChange` whenever photographs come to a set's folder, until the signal ends it. Changes
 * that come close together are one.
 */
export async function watchFolder(
  set: PhotographSet,
  signal: AbortSignal,
  onChange: () => Promise<void>,
): Promise<void> {
  const folder = dirname(set.photographs[0]?.path ?? ".");
  const changes = watch(folder, { signal });
  let work = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  try {
    for await (const { filename } of changes) {
      if (filename === null || !isPhotograph(filename)) continue;
      clearTimeout(timer);
      timer = setTimeout(() => {
        work = work.then(onChange);
      }, QUIET);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    await work;
  }
}
