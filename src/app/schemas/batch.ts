import { z } from "@hono/zod-openapi";
import { ERROR_CODES, type ErrorCode } from "../../errors.ts";
import { BoxSchema, Digest, DigestInput, LimitSchema } from "./common.ts";
import { FileSchema } from "./group.ts";
import { computationQuery, sizeQuery, thresholdQuery } from "./request.ts";

export const BATCH_FORMATS = [
  ...["png", "webp", "binary", "rle", "polygons", "svg", "logits", "cutout", "overlay"],
] as [string, ...string[]];

const name = (description: string) => z.string().min(1).max(300).openapi({ description });

export const BatchLineSchema = z
  .strictObject({
    id: name("The photograph's id. By default, the number of its line.").optional(),
    sha256: DigestInput.openapi({
      description: "Of a photograph that is stored (`PUT /v1/images/{sha256}`).",
    }).optional(),
    key: z.string().min(1).max(1024).optional().openapi({
      description: "Instead of `sha256`: of a photograph in the deployment's bucket.",
    }),
    group: name("Name of the photograph's group. Lines of one group are consecutive.").optional(),
  })
  .openapi("BatchLine", { description: "One line of a manifest: a photograph." });

const prefix = (description: string) =>
  z
    .string()
    .max(500)
    .regex(/^([^\p{Cc}]*\/)?$/u, "empty, or a prefix that ends with /")
    .openapi({ description });

export const BatchQuery = z
  .strictObject({
    ...computationQuery,
    consensus: DigestInput.openapi({
      description: "A group whose consensus masks all photographs.",
    }),
    formats: z
      .string()
      .regex(/^[a-z]+(,[a-z]+)*$/, "formats separated by commas")
      .openapi({
        description: `One or several of ${BATCH_FORMATS.join(", ")}.`,
        example: "png,rle",
      }),
    size: sizeQuery,
    threshold: thresholdQuery,
    source: prefix("Instead of a manifest: photographs below this prefix, a folder a group."),
    manifest: z.string().min(1).max(1024).openapi({
      description: "Instead of a body: key of a manifest in the deployment's bucket.",
    }),
    destination: prefix(
      "Writes the files and the results below this prefix of the deployment's bucket.",
    ),
    parallelism: z
      .string()
      .regex(/^[1-9]\d?$/, "a whole number from 1")
      .transform(Number)
      .openapi({
        type: "integer",
        minimum: 1,
        description: "Groups that are computed at the same time; see `GET /v1/limits`.",
      }),
  })
  .partial();

const time = (description?: string) =>
  z.string().openapi({ format: "date-time", ...(description && { description }) });

const code = z.enum(ERROR_CODES as [ErrorCode, ...ErrorCode[]]);

export const BatchSchema = z
  .object({
    id: z.string(),
    status: z.enum(["running", "paused", "completed", "cancelled"]).openapi({
      description: "`completed`: every photograph has a result or an error.",
    }),
    created: time(),
    updated: time("Time of the last result or change."),
    model: z.object({ name: z.string(), digest: Digest }),
    consensus_of: Digest.optional(),
    formats: z.array(z.enum(BATCH_FORMATS)),
    parallelism: z.int(),
    counts: z.object({
      total: z.int(),
      pending: z.int().openapi({ description: "Includes running ones." }),
      running: z.int(),
      succeeded: z.int(),
      failed: z.int(),
    }),
    failures: z.record(z.string(), z.int()).openapi({ description: "Failed photographs by code." }),
    rate: z.number().openapi({ description: "Photographs per second in the last minute." }),
    estimated_end: time().optional(),
    compute_milliseconds: z.int().openapi({
      description: "Machine time. Groups that run at the same time share it equally.",
    }),
    cost: z
      .object({ amount: z.number(), currency: z.string() })
      .optional()
      .openapi({ description: "Cost of the compute so far, if the deployment has a price." }),
    waiting: z
      .object({ code, detail: z.string(), limit: LimitSchema.optional() })
      .optional()
      .openapi({
        description: "Why nothing is computed at the moment. The batch continues by itself.",
      }),
    results_key: z.string().optional().openapi({
      description:
        "Where the results lie in the bucket, once a batch with a destination is completed.",
    }),
    links: z.object({ self: z.string(), events: z.string(), results: z.string() }),
  })
  .openapi("Batch");

const share = z.number().min(0).max(1);

export const BatchResultSchema = z
  .object({
    line: z.int().openapi({ description: "Line of the manifest, from 1." }),
    id: z.string(),
    sha256: Digest.optional(),
    key: z.string().optional().openapi({ description: "Of the photograph in the bucket." }),
    group: z.string().optional().openapi({ description: "Name of the group in the manifest." }),
    status: z.enum(["succeeded", "failed"]),
    result: z.string().optional().openapi({ description: "URL of the group that has the mask." }),
    width: z.int().optional(),
    height: z.int().optional(),
    coverage: share.optional(),
    box: BoxSchema.nullable().optional(),
    presence: share.optional(),
    confidence: share.optional(),
    files: z.record(z.string(), FileSchema).optional().openapi({ description: "By format." }),
    keys: z.record(z.string(), z.string()).optional().openapi({
      description: "Of the files in the bucket, by format.",
    }),
    code: code.optional().openapi({ description: "Why it failed." }),
    detail: z.string().optional(),
    limit: LimitSchema.optional(),
  })
  .openapi("BatchResult", { description: "One line of the results: a photograph." });

export const BatchPath = z.object({ batch: z.string().regex(/^[\w-]{1,64}$/) });

export type BatchBody = z.infer<typeof BatchSchema>;
export type BatchResultBody = z.infer<typeof BatchResultSchema>;
