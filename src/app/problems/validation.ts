import type { z } from "@hono/zod-openapi";
import { CosalError, type PlaceInRequest } from "../../errors.ts";

/**
 * A value of the form that a schema describes.
 *
 * @param at JSON pointer to the value, e.g. `#/options`
 * @throws CosalError body_invalid, pointing at each place that is wrong
 */
export function parseBody<S extends z.ZodType>(schema: S, value: unknown, at = "#"): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const places = result.error.issues.slice(0, 20).map(
    ({ path, message }): PlaceInRequest => ({
      pointer: [at, ...path.map(escaped)].join("/"),
      detail: message,
    }),
  );
  const [first] = places;
  throw new CosalError("body_invalid", `${first?.pointer}: ${first?.detail}.`, { places });
}

/** @throws CosalError option_invalid, naming the first query parameter that is wrong */
export function parseQuery<S extends z.ZodType>(
  schema: S,
  query: Record<string, string[]>,
): z.output<S> {
  const parameters = Object.entries(query).map(([name, values]) => {
    if (values.length === 1) return [name, values[0]];
    throw new CosalError("option_invalid", `The query parameter ${name} is there twice.`);
  });
  // Not by assignment, which would take `__proto__` for the object's prototype.
  const result = schema.safeParse(Object.fromEntries(parameters));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  const message =
    unknown === undefined
      ? `The query parameter ${String(issue?.path[0])}: ${issue?.message}.`
      : `There is no query parameter ${JSON.stringify(unknown)} here.`;
  throw new CosalError("option_invalid", message);
}

/** RFC 6901, 3 */
function escaped(step: PropertyKey): string {
  return String(step).replaceAll("~", "~0").replaceAll("/", "~1");
}
