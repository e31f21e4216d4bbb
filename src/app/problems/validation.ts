import type { z } from "@hono/zod-openapi";
import { CosalError, type PlaceInRequest } from "../../errors.ts";
import { findings } from "./issues.ts";

/** Maximum number of places in one problem. */
const MAX_PLACES = 20;

/**
 * Validates a value against a schema.
 *
 * @param at JSON pointer to the value, e.g. `#/options`
 * @throws CosalError body_invalid, pointing at each place that is wrong
 */
export function parseBody<S extends z.ZodType>(schema: S, value: unknown, at = "#"): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const places = findings(result.error.issues, value)
    .slice(0, MAX_PLACES)
    .map(
      ({ path, detail }): PlaceInRequest => ({
        pointer: [at, ...path.map(escaped)].join("/"),
        detail,
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
    throw new CosalError("option_invalid", `The query parameter ${name} is given twice.`);
  });
  // Not by assignment, which would set the object's prototype for `__proto__`.
  const values = Object.fromEntries(parameters);
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const [found] = findings(result.error.issues, values);
  const name = String(found?.path[0]);
  throw new CosalError(
    "option_invalid",
    issue?.code === "unrecognized_keys"
      ? `There is no query parameter ${JSON.stringify(name)} here.`
      : `The query parameter ${name}: ${found?.detail}.`,
  );
}

/** RFC 6901, 3 */
function escaped(step: PropertyKey): string {
  return String(step).replaceAll("~", "~0").replaceAll("/", "~1");
}
