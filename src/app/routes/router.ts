import { OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import { CosalError } from "../../errors.ts";
import type { Env } from "../context/request-context.ts";

export type Handler = (c: Context<Env>) => Response | Promise<Response>;

/**
 * The app's routes, each with its description. Handlers validate requests against the same schemas
 * themselves, since bodies are read as they arrive and files in memory are sent without validation.
 */
export class Router {
  readonly app = new OpenAPIHono<Env>();
  readonly #methods = new Map<string, Set<string>>();

  add(route: RouteConfig, handler: Handler): void {
    this.app.openAPIRegistry.registerPath(route);
    const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
    this.#on(route.method.toUpperCase(), path, handler);
  }

  /** Adds a page for GET that is not part of the API. */
  page(path: string, handler: Handler): void {
    this.#on("GET", path, handler);
  }

  #on(method: string, path: string, handler: Handler): void {
    const pattern = `${method} ${path}`;
    this.app.on(method, path, (c) => {
      c.get("requestContext").route = pattern;
      return handler(c);
    });
    const methods = this.#methods.get(path) ?? new Set();
    this.#methods.set(path, methods.add(method));
  }

  /** Responds to other methods of known paths with 405 and `Allow` (RFC 9110, 15.5.6). */
  close(): void {
    for (const [path, methods] of this.#methods) {
      const allowed = [...methods].flatMap((method) =>
        method === "GET" ? ["GET", "HEAD"] : [method],
      );
      this.app.all(path, (c) => {
        const allow = allowed.join(", ");
        const message = `${c.req.method} is not allowed at ${c.req.path}, only ${allow}.`;
        c.header("Allow", allow);
        throw new CosalError("method_not_allowed", message);
      });
    }
  }
}
