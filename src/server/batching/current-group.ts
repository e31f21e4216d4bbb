import { AsyncLocalStorage } from "node:async_hooks";
import type { Requester } from "../../app/representation/renderer.ts";
import type { Flow } from "./fair-queue.ts";

/** The group that a graph is run for: the engine is not told, and need not be. */
export interface CurrentGroup extends Flow, Requester {}

const storage = new AsyncLocalStorage<CurrentGroup>();

/** Undefined where no group is computed, as in a warm-up. */
export function currentGroup(): CurrentGroup | undefined {
  return storage.getStore();
}

/** What an iterable gives, with all that it does on the way done for the group. */
export async function* forGroup<T>(
  group: CurrentGroup,
  iterable: AsyncIterable<T>,
): AsyncGenerator<T> {
  const iterator = storage.run(group, () => iterable[Symbol.asyncIterator]());
  try {
    for (;;) {
      const next = await storage.run(group, () => iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await storage.run(group, () => iterator.return?.());
  }
}
