import { z } from "@hono/zod-openapi";
import { BoxSchema, Digest, LimitSchema } from "./common.ts";

const share = z.number().min(0).max(1);

export const FileSchema = z
  .object({
    url: z.string().openapi({
      description: "URL of the file on this host. The file never changes, but may be deleted.",
    }),
    type: z.string().openapi({ example: "image/png" }),
    data: z
      .string()
      .optional()
      .openapi({ description: "The file in base64, with `inline=masks`." }),
  })
  .openapi("File");

export const ImageSchema = z
  .object({
    id: z.string().openapi({ description: "As sent, but made unique within the group." }),
    sha256: Digest,
    width: z.int().openapi({ description: "Pixels, after EXIF orientation." }),
    height: z.int(),
    coverage: share.openapi({ description: "Share of the pixels with mask >= 0.5." }),
    box: BoxSchema.nullable().openapi({
      description: "Bounding box of mask >= 0.5, or null if there is no such pixel.",
    }),
    presence: share.openapi({
      description: "How certain the network is that the photograph shows the common object.",
    }),
    confidence: share.optional().openapi({
      description:
        "Expected intersection over union of this mask with a hand-drawn one. Missing if the model does not estimate it.",
    }),
    file: z.string().optional().openapi({
      description: "In a ZIP archive: name of the image's file.",
      example: "masks/a.png",
    }),
    mask: FileSchema,
    cutout: FileSchema.optional(),
    overlay: FileSchema.optional(),
  })
  .openapi("Image");

export const SkippedSchema = z
  .object({
    id: z.string(),
    sha256: Digest,
    code: z.string(),
    detail: z.string(),
    limit: LimitSchema.optional(),
  })
  .openapi("SkippedImage", {
    description: "A photograph that was skipped with `on_error=skip`, and why.",
  });

export const NoticeSchema = z
  .object({
    code: z.enum(["single_image", "nothing_in_common", "duplicate_images"]),
    detail: z.string(),
    images: z
      .array(z.string())
      .optional()
      .openapi({ description: "Ids of the images that it is about." }),
  })
  .openapi("Notice");

export const GroupSchema = z
  .object({
    id: Digest.openapi({
      description: "The group's identity: a hash of its photographs, model and options.",
    }),
    model: z.object({ name: z.string(), digest: Digest }),
    backend: z.string().openapi({ description: "Where it was computed." }),
    cache: z.enum(["hit", "miss", "coalesced"]).openapi({
      description:
        "`hit`: from the store; `miss`: computed now; `coalesced`: computed by an equal, simultaneous request.",
    }),
    common: share.openapi({
      description:
        "How certain the network is that the photographs share an object: mean presence.",
    }),
    consensus: z
      .object({ url: z.string() })
      .openapi({ description: "What the photographs have in common." }),
    consensus_of: Digest.optional().openapi({
      description: "The group whose consensus was used to mask these photographs.",
    }),
    images: z.array(ImageSchema),
    skipped: z.array(SkippedSchema),
    notices: z.array(NoticeSchema),
  })
  .openapi("Group");

/** A mask as JSON: run lengths or polygons in COCO's format. */
export const CocoSchema = z
  .union([
    z.object({
      size: z.tuple([z.int(), z.int()]).openapi({ description: "`[height, width]`" }),
      counts: z.string(),
    }),
    z.array(z.array(z.number())).openapi({ description: "`[[x, y, x, y, ...], ...]`" }),
  ])
  .openapi("CocoMask");

export type FileBody = z.infer<typeof FileSchema>;
export type ImageBody = z.infer<typeof ImageSchema>;
export type SkippedBody = z.infer<typeof SkippedSchema>;
export type NoticeBody = z.infer<typeof NoticeSchema>;
export type GroupBody = z.infer<typeof GroupSchema>;
