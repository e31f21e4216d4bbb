import type { z } from "@hono/zod-openapi";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** One value that does not match its schema. */
export interface Finding {
  readonly path: Path;
  /** `expected a text, received a number` */
  readonly detail: string;
}

/**
 * Describes what is wrong with a value, at the innermost places possible. If a schema is a union, the
 * value is compared with the member that it is nearest to.
 */
export function findings(issues: readonly Issue[], value: unknown): Finding[] {
  return issues.flatMap((issue) => {
    const { path } = issue;
    const found = path.reduce<unknown>(
      (at, step) => (at as Record<PropertyKey, unknown> | null | undefined)?.[step],
      value,
    );
    if (issue.code === "invalid_union") {
      return ofUnion(issue.errors, found).map((inner) => ({
        ...inner,
        path: [...path, ...inner.path],
      }));
    }
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: [...path, key],
        detail: "no such field is expected here",
      }));
    }
    return [
      { path, detail: `expected ${expectation(issue)}, received ${described(found, issue)}` },
    ];
  });
}

function ofUnion(forms: readonly (readonly Issue[])[], value: unknown): Finding[] {
  const distances = forms.map((form) => distance(form, value));
  const nearest = forms.filter((_, i) => distances[i] === Math.min(...distances));
  if (nearest.every(isOfOtherType)) {
    const types = nearest.map(([issue]) => expectation(issue as Issue));
    return [{ path: [], detail: `expected ${either(types)}, received ${described(value)}` }];
  }
  // Findings of all members apply, whichever is meant.
  const [first = [], ...others] = nearest;
  const isCommon = (issue: Issue) =>
    others.every((other) => other.some((one) => equal(one, issue)));
  const common = findings(first.filter(isCommon), value);
  if (nearest.length === 1) return common;
  const missing = nearest.map((form) =>
    missingField(
      form.filter((issue) => !isCommon(issue)),
      value,
    ),
  );
  if (missing.every((field) => field !== undefined)) {
    const fields = either(missing.map((field) => JSON.stringify(field)));
    return [...common, { path: [], detail: `expected ${fields} in it` }];
  }
  return common.length > 0 ? common : findings(first, value);
}

/**
 * The distance of a value from a member of a union: another type, the number of missing or extra
 * fields, or faults within the fields.
 */
function distance(form: readonly Issue[], value: unknown): number {
  if (isOfOtherType(form)) return Number.POSITIVE_INFINITY;
  const isOfFields = (issue: Issue) =>
    issue.code === "unrecognized_keys" || missingField([issue], value) !== undefined;
  return form.reduce((sum, issue) => sum + (isOfFields(issue) ? 1 : 1e-6), 0);
}

function isOfOtherType([issue, ...others]: readonly Issue[]): boolean {
  return others.length === 0 && issue?.code === "invalid_type" && issue.path.length === 0;
}

/** The missing field, if that is the only issue. */
function missingField([issue, ...others]: readonly Issue[], value: unknown): string | undefined {
  const [field, ...deeper] = issue?.path ?? [];
  if (others.length > 0 || typeof field !== "string" || deeper.length > 0) return undefined;
  return (value as Record<string, unknown>)[field] === undefined ? field : undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "an object",
};

function expectation(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return either(issue.values.map((value) => JSON.stringify(value)));
    case "too_small":
      return bound(issue.inclusive ? "at least" : "more than", issue.minimum, issue.origin);
    case "too_big":
      return bound(issue.inclusive ? "at most" : "less than", issue.maximum, issue.origin);
    case "invalid_format":
      // Messages of schemas say what they expect.
      return issue.format === "url" ? "a URL" : issue.message;
    default:
      return issue.message;
  }
}

function bound(comparison: string, limit: number | bigint, origin: string): string {
  const unit = origin === "string" ? " characters" : origin === "array" ? " values" : "";
  return `${comparison} ${limit}${unit}`;
}

/** Maximum length of a quoted text, in characters. */
const SHOWN = 80;

function described(value: unknown, issue?: Issue): string {
  const isOfSize = issue?.code === "too_small" || issue?.code === "too_big";
  const isWrongType =
    issue === undefined || (issue.code === "invalid_type" && issue.expected !== "int");
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return isOfSize ? String(value.length) : "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "string" && isOfSize) return String(value.length);
  if (isWrongType && typeof value !== "boolean") return TYPES[typeof value] ?? typeof value;
  const text = JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function either(words: readonly string[]): string {
  const distinct = [...new Set(words)];
  const last = distinct.pop() ?? "";
  return distinct.length === 0 ? last : `${distinct.join(", ")} or ${last}`;
}

function equal(a: Issue, b: Issue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
