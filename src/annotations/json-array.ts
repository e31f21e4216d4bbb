/** A JSON array, an item to a line. */
export async function* jsonArray(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  let between = "[\n";
  for await (const item of items) {
    yield between + JSON.stringify(item);
    between = ",\n";
  }
  yield between === "[\n" ? "[]" : "\n]";
}
