import { z } from "@hono/zod-openapi";

const text = (description: string, example?: string) =>
  z.string().openapi({ description, ...(example !== undefined && { example }) });

/** Headers of a file, which never changes. */
export const FileHeaders = z.object({
  etag: text("Strong."),
  "cache-control": text("`private` if keys are required.", "public, max-age=31536000, immutable"),
});

/** Headers of a group response. */
export const AnswerHeaders = z.object({
  "content-location": text("URL of the group."),
  "cosal-backend": text(
    "The backend that computed it, and why this one.",
    'wasm;reason="no other backend"',
  ),
  "cache-status": text("RFC 9211: whether the result was stored.", "cosal;hit"),
  "server-timing": text("Milliseconds by stage.", "upload;dur=12, group;dur=840, total;dur=853"),
});

export const JobHeaders = z.object({ location: text("URL of the job.") });

/** Headers of a request for the events of a job or a batch. */
export const EventsHeaders = z.object({
  "last-event-id": z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .openapi({ description: "Only the events after this one." }),
});

export const RefusalHeaders = z.object({
  "retry-after": z
    .string()
    .optional()
    .openapi({ description: "Seconds after which the request may succeed." }),
});
