/**
 * What `work` makes of each item, in the order of the items, while up to `concurrency` are in the
 * works. With 1, an item is begun when the one before it has been taken: nothing is made ahead.
 * What is in the works when the iteration ends early is waited for.
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
