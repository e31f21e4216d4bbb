import { z } from "@hono/zod-openapi";
import { Digest, ProblemSchema } from "./common.ts";

export const JobSchema = z
  .object({
    id: z.string(),
    status: z.enum(["queued", "running", "succeeded", "failed", "cancelled"]),
    group: Digest,
    created: z.string().openapi({ format: "date-time" }),
    updated: z.string().openapi({ format: "date-time" }),
    attempts: z.int(),
    done: z.int().openapi({ description: "Photographs that have their mask." }),
    total: z.int(),
    problem: ProblemSchema.optional(),
    links: z.object({
      self: z.string(),
      events: z.string(),
      group: z.string().openapi({ description: "The result, once the job has succeeded." }),
    }),
  })
  .openapi("Job");

export const JobPath = z.object({ job: z.string().regex(/^[\w-]{1,64}$/) });

export type JobBody = z.infer<typeof JobSchema>;
