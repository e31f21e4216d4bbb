import { z } from "@hono/zod-openapi";
import { ERROR_CODES, type ErrorCode } from "../../errors.ts";

export const Digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .openapi({ description: "SHA-256, 64 lower-case hex digits.", example: "a".repeat(64) });

/** The same in a request, where upper-case digits are accepted. */
export const DigestInput = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, "a SHA-256 of 64 hex digits")
  .toLowerCase()
  .openapi({ description: "SHA-256, 64 hex digits.", example: "a".repeat(64) });

export const LimitSchema = z
  .object({ name: z.string(), limit: z.number(), actual: z.number() })
  .openapi("Limit", { description: "The limit that was exceeded." });

export const PlaceSchema = z
  .object({
    pointer: z.string().openapi({
      description:
        "JSON pointer (RFC 6901) into the request. Images are counted from 0, in the order sent.",
      example: "#/images/3",
    }),
    image: z.string().optional().openapi({ description: "The image's id." }),
    sha256: Digest.optional(),
    detail: z.string(),
    limit: LimitSchema.optional(),
  })
  .openapi("ProblemPlace");

export const ProblemSchema = z
  .object({
    type: z
      .string()
      .openapi({ description: "Documentation of this problem.", example: "/problems/group_empty" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(ERROR_CODES as [ErrorCode, ...ErrorCode[]]),
    request: z.string().openapi({ description: "The response's `X-Request-Id`." }),
    limit: LimitSchema.optional(),
    missing: z.array(Digest).optional().openapi({
      description: "`images_missing`: SHA-256 of the photographs to send.",
    }),
    errors: z.array(PlaceSchema).optional(),
  })
  .openapi("Problem", { description: "RFC 9457." });

export const BoxSchema = z
  .tuple([z.int(), z.int(), z.int(), z.int()])
  .openapi({ description: "`[x, y, width, height]` in pixels." });

export const GroupPath = z.object({ group: DigestInput });

export const ImagePath = z.object({ sha256: DigestInput });
