import { CosalError } from "../../errors.ts";
import type { Problem } from "./types.ts";

export function problemOf(error: unknown): Problem {
  if (error instanceof CosalError) return { code: error.code, message: error.message };
  const { name, message } = error as Error;
  // `fetch` rejects with a TypeError if there is no connection.
  const isNetwork = name === "TypeError" && /fetch|network|load failed|importing/i.test(message);
  return { code: isNetwork ? "network" : "unexpected", message };
}
