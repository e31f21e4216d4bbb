/** Runs `work` on each item, `width` at a time. Ends with the first error; what runs then is not waited for. */
export async function parallel<Item>(
  items: Iterable<Item>,
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const runner = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: width }, runner)).catch((error) => {
    queue.length = 0;
    throw error;
  });
}
