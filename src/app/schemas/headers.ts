import { z } from "@hono/zod-openapi";

const text = (description: string, example?: string) =>
  z.string().openapi({ description, ...(example !== undefined && { example }) });

/** Of a file, which never changes. */
export const FileHeaders = z.object({
  etag: text("Strong."),
  "cache-control": text("`private` where keys are needed.", "public, max-age=31536000, immutable"),
});

/** Of a group that was asked for. */
export const AnswerHeaders = z.object({
  "content-location": text("The group's address."),
  "cosal-backend": text("Which backend computed it, and why.", 'wasm;reason="no other backend"'),
  "cache-status": text("RFC 9211: whether the result was stored.", "cosal;hit"),
  "server-timing": text("Milliseconds by stage.", "upload;dur=12, group;dur=840, total;dur=853"),
});

export const JobHeaders = z.object({ location: text("The job's address.") });

export const RefusalHeaders = z.object({
  "retry-after": z.string().optional().openapi({ description: "Seconds until it may succeed." }),
});
