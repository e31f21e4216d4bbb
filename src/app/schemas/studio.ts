import { z } from "@hono/zod-openapi";
import { MAX_CANVAS_SIDE, MIN_CANVAS_SIDE, parseCanvas, parseMargin } from "../../codec/index.ts";

const shadow = "A soft shadow on the ground, where the object touches it.";

/** How a cut-out is put on a canvas. Not part of a group's identity. */
export const studioOptions = {
  canvas: z
    .string()
    .refine(
      (text) => parseCanvas(text) !== undefined,
      `expected a size such as 1200x1200, with sides of ${MIN_CANVAS_SIDE} to ${MAX_CANVAS_SIDE}`,
    )
    .openapi({
      description:
        "For cut-outs: puts the object on a canvas of this size. Its soft edge moves inwards a little.",
      example: "1200x1200",
    }),
  margin: z
    .string()
    .refine((text) => parseMargin(text) !== undefined, "expected a share such as 8%, below 50%")
    .openapi({
      description:
        "With `canvas`: margin on each side, as a share of the shorter side. Default: 8%.",
      example: "8%",
    }),
  align: z.enum(["center", "bottom"]).openapi({
    description:
      "With `canvas`: position of the object, in the middle or on a ground line (the lower margin).",
  }),
  scale: z.enum(["set", "each"]).openapi({
    description:
      "With `canvas`: `set` (default): the group's largest object fills its canvas, and the others keep their relative sizes; `each`: every object fills its canvas. Objects are enlarged at most twofold.",
  }),
  background: z
    .string()
    .regex(
      /^(transparent|#?[0-9a-f]{3}|#?[0-9a-f]{6}|[0-9a-f]{64})$/i,
      "expected transparent, a colour such as #ffffff, or the SHA-256 of a stored photograph",
    )
    .openapi({
      description:
        "With `canvas`: `transparent`, a colour, or the SHA-256 of a stored photograph, which covers the canvas.",
      example: "#ffffff",
    }),
  shadow: z.boolean().openapi({ description: shadow }),
};

/** Query parameters are strings. */
export const studioQuery = {
  ...studioOptions,
  shadow: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .openapi({ type: "string", enum: ["true", "false"], description: shadow }),
};
