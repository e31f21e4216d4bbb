import { type Schema, Validator } from "@cfworker/json-schema";

interface Answer {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Record<string, Answer> }>>>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** What sends requests: an app, or a Worker. */
export type Fetcher = (path: string, init?: RequestInit) => Response | Promise<Response>;

/**
 * Sends requests and holds every answer against the service's own description: its status has to be
 * one of the route's, its type one of the status's, its headers there, and JSON of the form that its
 * schema says.
 */
export class DescribedClient {
  readonly #send: Fetcher;
  #document: Document | undefined;

  constructor(send: Fetcher) {
    this.#send = send;
  }

  async request(path: string, init?: RequestInit): Promise<Response> {
    const response = await this.#send(path, init);
    await this.#check(path, init?.method ?? "GET", response);
    return response;
  }

  async #check(path: string, method: string, response: Response): Promise<void> {
    const where = `${method} ${path} -> ${response.status}`;
    const name = (response.headers.get("content-type") ?? "").split(";")[0]!.toLowerCase();
    if (response.status >= 400 && response.status !== 503) expectProblem(where, name);
    if (!response.headers.get("x-request-id")) throw new Error(`${where}: no request id`);
    const document = await this.#described();
    const route = routeOf(document, new URL(`http://x${path}`).pathname);
    const operation = route?.[method === "HEAD" ? "get" : method.toLowerCase()];
    if (operation === undefined) {
      const isPage = /^\/(docs|openapi\.json)/.test(path);
      const isRefused = [401, 403, 404, 405, 429].includes(response.status);
      if (isPage || isRefused || method === "OPTIONS") return;
      throw new Error(`${where}: the route is not described`);
    }
    const answer = operation.responses[String(response.status)];
    if (answer === undefined) {
      throw new Error(`${where}: the status is not described: ${await response.clone().text()}`);
    }
    for (const [header, { required }] of Object.entries(answer.headers ?? {})) {
      if (required && !response.headers.has(header)) throw new Error(`${where}: no ${header}`);
    }
    if (answer.content === undefined || method === "HEAD") return;
    const described = answer.content[name];
    if (described === undefined) throw new Error(`${where}: the type ${name} is not described`);
    // A part of a document is none.
    if (response.status === 206 || !name.endsWith("json")) return;
    const body: unknown = await response.clone().json();
    const schema = { ...described.schema, components: document.components } as Schema;
    const { valid, errors } = new Validator(schema, "2020-12", false).validate(body);
    if (!valid) throw new Error(`${where}: ${JSON.stringify(errors)}\n${JSON.stringify(body)}`);
  }

  async #described(): Promise<Document> {
    this.#document ??= (await (await this.#send("/openapi.json")).json()) as Document;
    return this.#document;
  }
}

function expectProblem(where: string, type: string): void {
  if (type !== "application/problem+json" && type !== "") throw new Error(`${where}: ${type}`);
}

/** The one with the fewest parameters, as a router takes it. */
function routeOf({ paths }: Document, path: string) {
  const parts = path.split("/");
  return Object.entries(paths)
    .filter(([pattern]) => {
      const wanted = pattern.split("/");
      return (
        wanted.length === parts.length &&
        wanted.every((part, i) => (part.startsWith("{") ? parts[i] !== "" : part === parts[i]))
      );
    })
    .sort(([a], [b]) => a.split("{").length - b.split("{").length)[0]?.[1];
}
