export const JSON_LINES = "application/jsonl";

/** Bytes that are sent together: a line has some hundreds. */
const CHUNK = 64 * 1024;

/** Values as JSON, a line each. */
export async function* encodeJsonLines(values: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  for await (const value of values) {
    text += `${JSON.stringify(value)}\n`;
    if (text.length < CHUNK) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}
