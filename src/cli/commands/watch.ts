import { readdir, watch } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isPhotograph, type PhotographSet } from "../sets.ts";

/** Milliseconds without another change, after which a file counts as written. */
const QUIET = 500;

/**
 * Calls `onChange` whenever photographs come to a set's folder, or have come since the set was read,
 * until the signal ends it. Changes that come close together are one.
 *
 * @throws what `onChange` rejects with
 */
export async function watchFolder(
  { photographs }: PhotographSet,
  signal: AbortSignal,
  onChange: () => Promise<void>,
): Promise<void> {
  const folder = dirname(photographs[0]?.path ?? ".");
  const failure = new AbortController();
  const changes = watch(folder, { signal: AbortSignal.any([signal, failure.signal]) });
  let work = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      work = work.then(onChange);
      work.catch((error) => failure.abort(error));
    }, QUIET);
  };
  try {
    // From its first step on it sees what comes.
    const first = changes.next();
    const known = new Set(photographs.map(({ path }) => path));
    const there = (await readdir(folder)).filter(isPhotograph);
    if (there.some((name) => !known.has(join(folder, name)))) changed();
    for (let step = await first; !step.done; step = await changes.next()) {
      const { filename } = step.value;
      if (filename !== null && isPhotograph(filename)) changed();
    }
  } catch (error) {
    if (!signal.aborted && !failure.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    await work;
  }
}
