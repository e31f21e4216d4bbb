import { z } from "@hono/zod-openapi";
import { MAX_COORDINATE } from "../../group/index.ts";
import { MAX_SEEDS } from "../limits.ts";
import { DigestInput } from "./common.ts";
import { studioOptions, studioQuery } from "./studio.ts";

const coordinate = z.int().min(0).max(MAX_COORDINATE);
const point = z.tuple([coordinate, coordinate]).openapi({ minItems: 2, maxItems: 2 });
const box = z
  .tuple([coordinate, coordinate, coordinate, coordinate])
  .openapi({ minItems: 4, maxItems: 4 });
const side = coordinate.min(1);

/** Options for presenting masks. They are not part of a group's identity. */
const presentation = {
  output: z.enum(["mask", "cutout", "overlay", "logits"]).openapi({
    description:
      "What the response links to or contains: the mask; the object on a transparent background; the photograph with the object tinted; or the record that all of these are rendered from.",
  }),
  format: z.enum(["png", "webp", "binary", "rle", "polygons", "svg"]).openapi({
    description:
      "`png`, `webp`: soft 8-bit masks. For masks only: `binary` (1-bit PNG), `rle` (COCO), `polygons` (COCO), `svg`.",
  }),
  size: z
    .string()
    .regex(/^(source|model|[1-9]\d{0,4}x[1-9]\d{0,4})$/, "expected source, model or WIDTHxHEIGHT")
    .openapi({
      description:
        "Size of the mask: the photograph's (`source`), the network's (`model`), or a size such as `4000x3000`, e.g. the original size of a photograph that was sent reduced.",
    }),
  threshold: z.number().gt(0).lt(1).openapi({
    description:
      "Minimum mask value of the object's pixels in `binary`, `rle`, `polygons` and `svg`.",
  }),
  inline: z.enum(["masks", "none"]).openapi({
    description:
      "`masks`: include the files in the JSON, in base64, up to 16 MiB of them together.",
  }),
};

const computation = {
  model: z.string().max(100).openapi({ description: "A name from `GET /v1/models`." }),
  backend: z.enum(["auto", "gpu", "wasm"]).openapi({ description: "Where to compute the group." }),
  on_error: z.enum(["fail", "skip"]).openapi({
    description:
      "What to do with a photograph that cannot be read: fail the group, or skip the photograph.",
  }),
  detail: z.enum(["normal", "high"]).openapi({
    description:
      "`high`: processes each photograph a second time, cropped around its mask. Outlines are finer, and the time about doubles.",
  }),
};

const ImageName = z.union([z.int().min(0), z.string()]).openapi({
  description: "An image of the request: its position from 0, its id, or its SHA-256.",
});

/** What every seed has. */
const seed = {
  image: ImageName,
  negative: z.boolean().optional().openapi({
    description: "`true` marks what is not meant. `false` if absent.",
  }),
};

export const SeedSchema = z
  .union([
    z.strictObject({ ...seed, point }),
    z.strictObject({ ...seed, box }),
    z.strictObject({
      ...seed,
      rle: z.strictObject({
        size: z.tuple([side, side]).openapi({ minItems: 2, maxItems: 2 }),
        counts: z.union([z.string().max(500_000), z.array(z.int().min(0))]),
      }),
    }),
    z.strictObject({ ...seed, png: z.string().max(4_000_000) }),
  ])
  .openapi("Seed", {
    description:
      "A marked example of the object, or of what is not meant: a point or box in pixels of the upright photograph, or a mask, either as COCO RLE (`size` is [height, width]) or as a PNG whose first channel is 255 at what is marked.",
  });

export const OptionsSchema = z
  .strictObject({
    ...presentation,
    ...studioOptions,
    ...computation,
    seeds: z.array(SeedSchema).max(MAX_SEEDS),
    webhook: z.url().max(2000).openapi({
      description:
        "URL that is notified when the job ends (Standard Webhooks), with `Prefer: respond-async`.",
    }),
  })
  .partial()
  .openapi("Options");

const imageId = z.string().min(1).max(300).optional();

export const ImageReferenceSchema = z
  .union([
    z.strictObject({ id: imageId, sha256: DigestInput }),
    z.strictObject({
      id: imageId,
      data: z.string().openapi({
        description: "Base64, which may be URL-safe, or a base64 `data:` URL.",
      }),
    }),
    z.strictObject({ id: imageId, url: z.url().max(2000) }),
  ])
  .openapi("ImageReference", {
    description:
      "A photograph that is already stored, included in the request, or to be fetched (if the deployment allows it).",
  });

export const GroupRequestSchema = z
  .strictObject({ images: z.array(ImageReferenceSchema), options: OptionsSchema.optional() })
  .openapi("GroupRequest");

export const MultipartSchema = z
  .object({
    image: z.array(z.string().openapi({ format: "binary" })).openapi({
      description: "Files: JPEG, PNG, WebP or AVIF. Their names become the images' ids.",
    }),
    options: OptionsSchema.optional(),
  })
  .openapi("GroupUpload");

const { size, threshold } = presentation;

/** Query parameters are strings. */
const number = (schema: typeof threshold) =>
  z
    .string()
    .regex(/^\d*\.?\d+$/, "a number")
    .transform(Number)
    .pipe(schema)
    .openapi({
      type: "number",
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      description: schema.description ?? "",
    });

export const GroupQuery = z
  .strictObject({
    ...presentation,
    ...studioQuery,
    ...computation,
    threshold: number(threshold),
  })
  .partial();

export const PresentationQuery = z
  .strictObject({ ...presentation, ...studioQuery, threshold: number(threshold) })
  .partial();

/** Query parameters of a file's URL. */
export const FileQuery = z
  .strictObject({
    size,
    threshold: number(threshold),
    expires: z
      .string()
      .openapi({ description: "For signed links: time of expiry, in seconds since 1970." }),
    tenant: z.string().openapi({ description: "For signed links: the tenant." }),
    signature: z.string().openapi({ description: "For signed links: HMAC-SHA-256, base64url." }),
  })
  .partial();

/** The same of a cut-out. */
export const CutoutQuery = FileQuery.extend(studioQuery).partial();

/** For queries of other requests. */
const { model, backend, detail } = computation;
export const computationQuery = { model, backend, detail };
export const sizeQuery = size;
export const thresholdQuery = number(threshold);

export const GroupHeaders = z.object({
  prefer: z.string().optional().openapi({
    description:
      "`respond-async` asks for a job (RFC 7240), and `delay=3600` for one that starts in an hour at the earliest. `wait=30` asks for a response within 30 seconds instead of a job.",
    example: "respond-async",
  }),
  priority: z.string().optional().openapi({
    description:
      "For jobs: `u=4` to `u=7` lets more urgent ones pass (RFC 9218). Others count as the default, `u=3`. A group that is computed at once with `u=7` lets all others pass.",
    example: "u=7",
  }),
  "idempotency-key": z.string().min(1).max(255).optional().openapi({
    description: "For jobs: the same key returns the same job.",
  }),
  "last-event-id": z.string().optional().openapi({
    description: "For `text/event-stream`: id of the last event that was received.",
  }),
  "x-request-id": z.string().optional().openapi({ description: "Identifies the request in logs." }),
  traceparent: z
    .string()
    .optional()
    .openapi({ description: "W3C Trace Context; passed on to other services." }),
});

export const DigestHeaders = z.object({
  "repr-digest": z.string().optional().openapi({
    description: "RFC 9530: `sha-256` and `sha-512` are verified.",
    example: "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
  }),
});

export const ConditionalHeaders = z.object({
  "if-none-match": z.string().optional(),
  range: z.string().optional().openapi({ description: "A single byte range." }),
  "if-range": z.string().optional(),
});

export type Options = z.infer<typeof OptionsSchema>;
export type SeedRequest = z.infer<typeof SeedSchema>;
export type ImageReferenceRequest = z.infer<typeof ImageReferenceSchema>;
