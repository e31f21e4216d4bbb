import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Env } from "../context/request-context.ts";

const DESCRIPTION = `Takes a group of photographs and returns, for each, a mask of the object that they have in common.

A group is named by its contents: the SHA-256 of a canonical form of the model, the options that change masks, and the sorted SHA-256 of its photographs. The same group is computed once. Every file has an address that never changes.`;

/**
 * The OpenAPI 3.1 document, generated on first use from the schemas that requests are checked
 * against.
 */
export function apiDocument(app: OpenAPIHono<Env>): () => object {
  let document: object | undefined;
  return function document31() {
    document ??= app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "cosal",
        version: "1.0.0",
        description: DESCRIPTION,
        license: { name: "MIT", url: "https://opensource.org/license/mit" },
      },
      servers: [{ url: "/" }],
      security: [{ bearer: [] }, {}],
      tags: [
        { name: "groups", description: "Groups in, masks out." },
        { name: "files", description: "Masks, cut-outs and overlays of photographs." },
        { name: "images", description: "Stored photographs that groups can refer to." },
        { name: "jobs", description: "Groups that are computed in the background." },
        { name: "batches", description: "Manifests of any length, in the background." },
        { name: "service", description: "Models, limits and health of the service." },
      ],
    });
    return document;
  };
}

/** API keys and tokens. Deployments without authentication accept requests without them. */
export function registerSecurity(app: OpenAPIHono<Env>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An API key (`cosal_...`) or a JWT of the deployment's identity provider.",
  });
}
