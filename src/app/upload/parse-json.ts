import { CosalError } from "../../errors.ts";

/**
 * Maximum number of values in a JSON body. 64 photographs have some hundreds, and a mask of run
 * lengths some thousands. A body of small numbers would take ten times its size when parsed.
 */
const MAX_JSON_VALUES = 200_000;

/** @throws CosalError body_not_json, body_too_large */
export function parseJson(text: string): unknown {
  const values = countValues(text);
  if (values > MAX_JSON_VALUES) {
    throw new CosalError("body_too_large", `The JSON has more than ${MAX_JSON_VALUES} values.`, {
      limit: { name: "values", limit: MAX_JSON_VALUES, actual: values },
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CosalError("body_not_json", `This is no JSON: ${reason}.`, { cause });
  }
}

/** An upper bound of the number of values: each but the first follows one of these characters. */
function countValues(text: string): number {
  let count = 0;
  for (const mark of [",", "[", "{"]) {
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) count++;
  }
  return count;
}
