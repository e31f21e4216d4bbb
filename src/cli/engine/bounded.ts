/**
 * Runs `work` on items as they are asked for, `width` at a time, and yields results as they come.
 * An input of a million items is never held as a whole.
 */
export async function* bounded<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  width: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running = new Map<number, Promise<readonly [number, Result]>>();
  let next = 0;
  for await (const item of items) {
    const key = next++;
    const result = work(item).then((result) => [key, result] as const);
    // When another has failed first, nobody waits for this one.
    result.catch(() => {});
    running.set(key, result);
    if (running.size >= width) yield await first(running);
  }
  while (running.size > 0) yield await first(running);
}

async function first<Result>(
  running: Map<number, Promise<readonly [number, Result]>>,
): Promise<Result> {
  const [key, result] = await Promise.race(running.values());
  running.delete(key);
  return result;
}
