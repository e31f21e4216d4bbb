import fc from "fast-check";

/** As much of JSON Schema as an OpenAPI 3.1 document of ours has. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Where `#/components/schemas/...` leads. */
export type Components = Readonly<Record<string, Schema>>;

const INTEGER_LIMIT = 20_000;

/** Values that a schema allows, or nearly: bounds are looked at only loosely, which is the point. */
export function valuesOf(schema: Schema, components: Components, depth = 0): fc.Arbitrary<unknown> {
  if (depth > 6) return fc.constant(null);
  const inner = (child: Schema) => valuesOf(child, components, depth + 1);
  if (schema.$ref !== undefined) {
    const target = components[schema.$ref.split("/").at(-1) as string];
    if (target === undefined) throw new Error(`the document has no ${schema.$ref}`);
    return inner(target);
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return fc.oneof(...choices.map(inner));
  if (schema.allOf !== undefined) {
    return fc
      .tuple(...schema.allOf.map(inner))
      .map((parts) => Object.assign({}, ...parts.filter((part) => typeof part === "object")));
  }
  const types = [schema.type ?? "object"].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, inner)));
}

function ofType(
  type: string,
  schema: Schema,
  inner: (schema: Schema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  switch (type) {
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({
        min: schema.minimum ?? -2,
        max: Math.min(schema.maximum ?? INTEGER_LIMIT, INTEGER_LIMIT),
      });
    case "number":
      return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 1, noNaN: true });
    case "array": {
      if (schema.prefixItems) return fc.tuple(...schema.prefixItems.map(inner));
      const bounds = {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      };
      return fc.array(inner(schema.items ?? {}), bounds);
    }
    case "string":
      return ofString(schema);
    default: {
      const properties = Object.entries(schema.properties ?? {});
      const values = Object.fromEntries(properties.map(([name, value]) => [name, inner(value)]));
      const required = (schema.required ?? []).filter((name) => name in values);
      return fc.record(values, { requiredKeys: required });
    }
  }
}

function ofString({ pattern, format, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  if (format === "uri") return fc.webUrl();
  if (format === "byte" || format === "base64") return fc.base64String({ maxLength: 400 });
  return fc.string({ maxLength: Math.min(maxLength, 40), unit: "grapheme" });
}

/** Anything at all in the place of what a schema allows. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(null, "", -1, 1e308, "__proto__", "\u0000", "../..", "a".repeat(5000)),
);

/** A value with one place in it, or all of it, replaced by anything. */
export function mutated(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(values, anything, fc.nat(30)).map(([value, other, place]) => {
    let left = place;
    const walk = (node: unknown): unknown => {
      if (left-- === 0) return other;
      if (Array.isArray(node)) return node.map(walk);
      if (typeof node !== "object" || node === null) return node;
      return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, walk(child)]));
    };
    return walk(value);
  });
}
