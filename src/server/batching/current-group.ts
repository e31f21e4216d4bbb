import { AsyncLocalStorage } from "node:async_hooks";
import type { Requester } from "../../app/representation/renderer.ts";
import type { Flow } from "./fair-queue.ts";

/** The group for which a graph runs. The engine does not need to know it. */
export interface CurrentGroup extends Flow, Requester {}

const storage = new AsyncLocalStorage<CurrentGroup>();

/** Undefined outside of a group, as in a warm-up. */
export function currentGroup(): CurrentGroup | undefined {
  return storage.getStore();
}

/** The values of an iterable, whose work is done for the group. */
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
