import type { RouteConfig, z } from "@hono/zod-openapi";
import type { ErrorCode } from "../../errors.ts";
import { PROBLEMS } from "../problems/index.ts";
import { ProblemSchema } from "../schemas/common.ts";
import { AnswerHeaders, FileHeaders, RefusalHeaders } from "../schemas/headers.ts";

type Responses = RouteConfig["responses"];

/** The error responses of a route, grouped by status. */
export function problems(...codes: readonly ErrorCode[]): Responses {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    Array.from(byStatus, ([status, several]) => [
      String(status),
      {
        description: several.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(" "),
        ...((status === 429 || status === 503) && { headers: RefusalHeaders }),
        content: { "application/problem+json": { schema: ProblemSchema } },
      },
    ]),
  );
}

/** Errors that every route under /v1 may return. */
export const GUARDED = [
  "credentials_missing",
  "credentials_invalid",
  "scope_missing",
  "rate_limited",
  "authentication_unavailable",
  "store_unavailable",
  "internal",
] as const satisfies readonly ErrorCode[];

/** Errors of any request with a body. */
export const BODY = [
  "content_coding_unsupported",
  "body_too_slow",
] as const satisfies readonly ErrorCode[];

/** Errors of a request with a group, in any format. */
export const UPLOADED = [
  "content_type_unsupported",
  ...BODY,
  "body_not_multipart",
  "body_not_json",
  "body_invalid",
  "body_too_large",
  "option_invalid",
  "group_empty",
  "group_too_large",
  "group_too_many_pixels",
  "image_type_unsupported",
  "image_undecodable",
  "image_too_slow",
  "image_too_large",
  "image_too_many_pixels",
  "image_too_small",
  "images_missing",
  "image_expired",
  "url_refused",
  "url_failed",
  "model_unknown",
  "model_invalid",
  "seed_invalid",
  "seeds_unsupported",
  "consensus_incompatible",
  "consensus_invalid",
  "not_acceptable",
  "idempotency_mismatch",
  "backend_unavailable",
  "deadline_exceeded",
  "store_full",
] as const satisfies readonly ErrorCode[];

export function json(schema: z.ZodType, description: string) {
  return { description, content: { "application/json": { schema } } };
}

const binary = { type: "string", format: "binary" } as const;

/** A file of one of several types. JSON has its own schema. */
export function file(types: readonly string[], description: string, jsonSchema?: z.ZodType) {
  const content = Object.fromEntries(
    types.map((type) => [
      type,
      { schema: type === "application/json" && jsonSchema ? jsonSchema : binary },
    ]),
  );
  return { description, headers: FileHeaders, content };
}

/** A group in one of several types. */
export function groupAnswer(schema: z.ZodType, description: string) {
  return {
    description,
    headers: AnswerHeaders,
    content: {
      "application/json": { schema },
      "application/zip": { schema: binary },
      "multipart/mixed": { schema: binary },
      "text/event-stream": { schema: { type: "string" } as const },
    },
  };
}
