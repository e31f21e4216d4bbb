import fc from "fast-check";
import { multiparts } from "./multipart.ts";
import { type Components, mutated, type Schema, valuesOf } from "./schema.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What is read of the OpenAPI document. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Components };
}

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema?: Schema }>>;
  };
}

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Bytes | string;
}

/** Values that are there, so that not every request ends with a 404. */
export interface Known {
  readonly groups: readonly string[];
  readonly images: readonly string[];
  /** Whole files, small ones. */
  readonly files: readonly Bytes[];
}

const HEADERS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  accept: fc.constantFrom(
    ...["application/json", "application/zip", "multipart/mixed", "text/event-stream"],
    ...["image/png", "*/*", "text/html", "", "a/b;q=x, */*;q=0", ";;,,"],
  ),
  prefer: fc.constantFrom(
    "respond-async",
    "wait=1",
    "respond-async, wait=x",
    "wait=-1",
    "return=minimal",
  ),
  range: fc.constantFrom(
    "bytes=0-9",
    "bytes=-5",
    "bytes=9-1",
    "bytes=0-0,2-3",
    "lines=1",
    "bytes=999999-",
  ),
  "if-none-match": fc.constantFrom("*", '"x"', 'W/"x"', "x", `"${"0".repeat(64)}"`),
  "last-event-id": fc.constantFrom("0", "3", "-1", "x", "99999999999999999999"),
  "idempotency-key": fc.string({ minLength: 1, maxLength: 20 }),
  "repr-digest": fc.constantFrom(
    "sha-256=:AAAA:",
    "sha-256=x",
    "md5=:AA==:",
    "=",
    "sha-512=:====:",
  ),
  "content-encoding": fc.constantFrom("gzip", "identity", "br"),
  "x-request-id": fc.string({ maxLength: 200 }),
  traceparent: fc.constantFrom("00-0-0-0", `00-${"1".repeat(32)}-${"1".repeat(16)}-01`),
  authorization: fc.constantFrom("Bearer x", "Basic eDp5", "Bearer", "Bearer a.b.c"),
};

/** Requests made of the document: as it describes them, nearly so, and not at all. */
export function requests(document: OpenApi, known: Known): fc.Arbitrary<FuzzRequest> {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => /^(get|put|post|delete|head|patch)$/.test(method))
      .map(([method, operation]) => ofOperation(method, path, operation, document, known)),
  );
  const strange = fc.record({
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"),
    path: fc
      .array(
        fc.oneof(
          fc.constantFrom("v1", "groups", "images", "masks", "..", "", "%00", "%"),
          fc.string(),
        ),
      )
      .map((parts) => `/${parts.map(safe).join("/")}`),
    headers: fc.constant({}),
  });
  const form = multiparts(known.files, optionsOf(document)).map(({ contentType, body }) => ({
    method: "POST",
    path: "/v1/groups",
    headers: { "content-type": contentType },
    body,
  }));
  const request = fc.oneof(
    ...operations.map((arbitrary) => ({ weight: 2, arbitrary })),
    { weight: 20, arbitrary: form },
    { weight: 2, arbitrary: strange },
  );
  const few = fc.record(HEADERS, { requiredKeys: [] });
  const added = fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, few);
  return fc.tuple(request, added).map(([request, more]) => ({
    ...request,
    headers: clean({ ...more, ...request.headers }),
  }));
}

function ofOperation(
  method: string,
  path: string,
  operation: Operation,
  document: OpenApi,
  known: Known,
): fc.Arbitrary<FuzzRequest> {
  const { schemas } = document.components;
  const { parameters = [], requestBody } = operation;
  const inPath = fc.record(
    Object.fromEntries(
      [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = ""]) => {
        const schema = parameters.find((one) => one.in === "path" && one.name === name)?.schema;
        return [name, pathValues(name, schema, schemas, known)];
      }),
    ),
  );
  const query = fc.record(
    Object.fromEntries(
      parameters
        .filter((one) => one.in === "query")
        .map(({ name, schema = {} }) => [name, mostly(valuesOf(schema, schemas))]),
    ),
    { requiredKeys: [] },
  );
  const contents = Object.entries(requestBody?.content ?? {}).filter(
    ([type]) => !type.startsWith("multipart/"),
  );
  const body = contents.map(([type, { schema = {} }]) => bodyOf(type, schema, schemas, known));
  const sent = body.length === 0 ? fc.constant({ headers: {} }) : fc.oneof(...body);
  return fc.tuple(inPath, query, sent).map(([values, fields, { headers, ...rest }]) => {
    const filled = path.replace(/\{([^}]+)\}/g, (_, name) => safe(String(values[name])));
    const search = new URLSearchParams(
      Object.entries(fields).map(([name, value]) => [
        name,
        typeof value === "object" ? JSON.stringify(value) : String(value),
      ]),
    ).toString();
    return {
      method: method.toUpperCase(),
      path: search ? `${filled}?${search}` : filled,
      headers,
      ...rest,
    };
  });
}

function pathValues(name: string, schema: Schema | undefined, schemas: Components, known: Known) {
  const there = name === "group" ? known.groups : name.startsWith("sha") ? known.images : [];
  const files = known.images.flatMap((image) =>
    ["png", "webp", "rle.json", "svg", "binary.png", "gif", "png.png"].map(
      (suffix) => `${image}.${suffix}`,
    ),
  );
  const near = [...there, ...(name === "file" ? files : [])];
  const values = valuesOf(schema ?? { type: "string" }, schemas).map(String);
  return near.length === 0
    ? values
    : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...near) }, values);
}

function bodyOf(
  type: string,
  schema: Schema,
  schemas: Components,
  known: Known,
): fc.Arbitrary<{ headers: Record<string, string>; body: Bytes | string }> {
  const headers = { "content-type": type };
  if (!type.includes("json")) {
    const bytes = fc.oneof(fc.constantFrom(...known.files), fc.uint8Array({ maxLength: 200 }));
    return bytes.map((body) => ({ headers, body: Uint8Array.from(body) }));
  }
  const values = withKnownImages(valuesOf(schema, schemas), known);
  const json = mostly(values).map((value) => JSON.stringify(value) ?? "");
  const broken = fc.tuple(json, fc.nat(200)).map(([text, length]) => text.slice(0, length));
  return fc
    .oneof({ weight: 6, arbitrary: json }, broken, fc.string())
    .map((body) => ({ headers, body }));
}

/** Puts photographs that are stored, or whole files, where the document only wants some digest. */
function withKnownImages(values: fc.Arbitrary<unknown>, { images, files }: Known) {
  const image = fc.oneof(
    fc.constantFrom(...images).map((sha256) => ({ sha256 })),
    fc.constantFrom(...files).map((file) => ({ data: btoa(String.fromCharCode(...file)) })),
  );
  return fc
    .tuple(values, fc.array(image, { maxLength: 4 }), fc.boolean())
    .map(([value, list, isKnown]) =>
      isKnown && typeof value === "object" && value !== null && "images" in value
        ? { ...value, images: list }
        : value,
    );
}

function optionsOf(document: OpenApi): fc.Arbitrary<unknown> {
  const schema = document.components.schemas.Options;
  return schema === undefined
    ? fc.constant({})
    : mostly(valuesOf(schema, document.components.schemas));
}

/** As the schema says three times out of four. */
function mostly(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 3, arbitrary: values }, mutated(values));
}

/** What a URL can carry: the client would refuse the rest before anything is sent. */
function safe(segment: string): string {
  return /^[\w%.~-]*$/.test(segment) ? segment : encodeURIComponent(segment.toWellFormed());
}

/** Headers that a client can send at all. */
function clean(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value.replace(/[^\x20-\x7e]/g, "?").trim()]],
    ),
  );
}
