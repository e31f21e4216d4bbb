import { z } from "@hono/zod-openapi";
import { IMAGE_KINDS, type ImageKind } from "../../codec/index.ts";
import { Digest } from "./common.ts";

const pixelsByKind = Object.fromEntries(
  Object.keys(IMAGE_KINDS).map((kind) => [kind, z.int()]),
) as Record<ImageKind, z.ZodInt>;

const BackendLimitsSchema = z
  .object({ images: z.int(), pixels: z.int(), total_pixels: z.int() })
  .openapi("BackendLimits");

export const LimitsSchema = z
  .object({
    body_bytes: z.int().openapi({ description: "Maximum size of a form." }),
    json_bytes: z.int().openapi({ description: "Maximum size of a JSON body." }),
    image_bytes: z.int().openapi({ description: "Maximum size of one photograph's file." }),
    types: z.array(z.string()).openapi({
      description:
        "Media types of photographs that are decoded here. A Worker sends others to a GPU server that lists them.",
    }),
    images: z.int().openapi({ description: "Photographs of a group, as sent." }),
    seconds: z.number().openapi({ description: "Maximum time of a request." }),
    image_pixels: z.object(pixelsByKind).partial({ heic: true }).openapi({
      description:
        "Pixels of one photograph by kind of file, for files up to 4 MiB. Larger files may have fewer pixels. A Worker sends larger photographs to a GPU server that accepts them.",
    }),
    rendered_pixels: z.int().openapi({
      description: "Pixels of a photograph for cut-outs and overlays.",
    }),
    response_pixels: z.int().openapi({
      description: "Pixels of all files in one response: inline, in an archive or in parts.",
    }),
    synchronous_images: z.int().openapi({
      description: "Larger groups become jobs, if the deployment has jobs.",
    }),
    seeds: z.object({
      count: z.int(),
      pixels: z.int().openapi({ description: "Pixels of a mask." }),
      total_pixels: z.int().openapi({
        description: "Pixels of all masks in a request. Equal ones count once.",
      }),
    }),
    batches: z
      .object({
        lines: z.int().openapi({ description: "Photographs of a manifest." }),
        stored_lines: z.int().openapi({ description: "Photographs that are named by SHA-256." }),
        manifest_bytes: z.int(),
        group_lines: z.int().openapi({ description: "Photographs of one group." }),
        parallelism: z.int().openapi({ description: "Groups that are computed at the same time." }),
      })
      .optional()
      .openapi({ description: "If the deployment accepts batches." }),
    backends: z.object({
      wasm: BackendLimitsSchema.optional(),
      gpu: BackendLimitsSchema.optional(),
    }),
  })
  .openapi("Limits");

export const ModelsSchema = z
  .object({
    models: z.array(
      z.object({
        name: z.string(),
        version: z.string(),
        digest: Digest,
        licence: z.string(),
        input: z.object({ width: z.int(), height: z.int() }),
        seeds: z.boolean().openapi({ description: "Whether it supports seeds." }),
        default: z.boolean(),
      }),
    ),
    limits: LimitsSchema,
  })
  .openapi("Models");

export const StoredImageSchema = z
  .object({
    sha256: Digest,
    type: z.string(),
    bytes: z.int(),
    width: z.int(),
    height: z.int(),
  })
  .openapi("StoredImage");

export const HealthSchema = z.object({ status: z.literal("ok") }).openapi("Health");

const StateSchema = z.object({ name: z.string(), ready: z.boolean(), reason: z.string() });

export const ReadinessSchema = z
  .object({
    status: z.enum(["ready", "degraded", "unready"]),
    backends: z.array(StateSchema),
    storage: z.array(StateSchema).optional().openapi({
      description: "Whether photographs and jobs can be stored, if the service can tell.",
    }),
  })
  .openapi("Readiness");

export const ProblemKindSchema = z
  .object({
    type: z.string(),
    code: z.string(),
    status: z.int(),
    title: z.string(),
    description: z.string(),
  })
  .openapi("ProblemKind");
