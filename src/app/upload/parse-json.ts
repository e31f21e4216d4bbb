import { CosalError } from "../../errors.ts";

/** @throws CosalError body_not_json */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CosalError("body_not_json", `This is no JSON: ${reason}.`, { cause });
  }
}
