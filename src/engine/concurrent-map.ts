/**
 * Applies `work` to each item, up to `concurrency` at a time, and yields the results in the order
 * of the items. With a concurrency of 1, an item is only started once the previous result has been
 * consumed. If the iteration ends early, it waits for work that is still running.
 */
export async function* mapConcurrently<Item, Result>(
  items: Iterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  const next = () => running.shift() as Promise<Result>;
  try {
    for (const item of items) {
      const result = work(item);
      result.catch(() => {}); // thrown when its turn comes, not before anybody listens
      running.push(result);
      if (running.length >= concurrency) yield await next();
    }
    while (running.length > 0) yield await next();
  } finally {
    await Promise.allSettled(running);
  }
}
