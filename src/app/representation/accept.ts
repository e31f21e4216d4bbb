import { CosalError } from "../../errors.ts";

/**
 * Returns the offered type that the caller prefers (RFC 9110, 12.5.1): by quality, then by
 * specificity, then in the order offered. Without `Accept`, the first.
 *
 * @throws CosalError not_acceptable
 */
export function negotiate<T extends string>(accept: string | undefined, offered: readonly T[]): T {
  const ranges = (accept ?? "*/*").split(",").map(rangeOf);
  let best: { type: T; quality: number; exact: boolean } | undefined;
  for (const type of offered) {
    const range = ranges
      .filter(({ pattern }) => covers(pattern, type))
      .sort((a, b) => b.pattern.length - a.pattern.length)[0];
    if (range === undefined || range.quality === 0) continue;
    const candidate = { type, quality: range.quality, exact: range.pattern === type };
    if (
      best === undefined ||
      candidate.quality > best.quality ||
      (candidate.quality === best.quality && candidate.exact && !best.exact)
    ) {
      best = candidate;
    }
  }
  if (best !== undefined) return best.type;
  throw new CosalError("not_acceptable", `The available types are ${offered.join(", ")}.`);
}

function rangeOf(text: string): { pattern: string; quality: number } {
  const [pattern, ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = weight === undefined ? 1 : Number(weight.slice(2));
  return { pattern: pattern || "*/*", quality: Number.isFinite(quality) ? quality : 0 };
}

function covers(pattern: string, type: string): boolean {
  if (pattern === "*/*" || pattern === type) return true;
  return pattern.endsWith("/*") && type.startsWith(pattern.slice(0, -1));
}
