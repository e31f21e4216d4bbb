// The small form of zod: the whole of it would be two thirds of the Worker.
import * as z from "zod/mini";
import { CosalError } from "../errors.ts";

const positive = z.int().check(z.positive());
const nonempty = z.string().check(z.minLength(1));
const share = z.number().check(z.minimum(0), z.maximum(1));
const dimension = z.union([positive, z.enum(["batch", "group"])]);
const tensors = z.record(z.string(), z.array(dimension));

const graph = z.object({
  file: z.string().check(z.regex(/^[\w.-]+$/)),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  bytes: positive,
  inputs: tensors,
  outputs: tensors,
});

const schema = z.object({
  schema: z.literal(1),
  name: nonempty,
  version: nonempty,
  licence: z.string(),
  /** Network input: (rgb / 255 - mean) / std, NCHW, both sides resized without keeping the aspect. */
  input: z.object({
    width: positive,
    height: positive,
    mean: z.tuple([z.number(), z.number(), z.number()]),
    std: z.tuple([
      z.number().check(z.positive()),
      z.number().check(z.positive()),
      z.number().check(z.positive()),
    ]),
  }),
  consensus: z.object({
    shape: z.tuple([positive, positive]),
  }),
  /** How often `refine` runs over the group after `affinity`. */
  refinements: z.int().check(z.minimum(0)),
  /** How often it runs after `seed`, as each run washes out a part of what is marked; else as often. */
  seededRefinements: z.optional(z.int().check(z.minimum(0))),
  /** Whether an image's own keys get weight 0 in the affinity of a group of more than one. */
  excludeSelf: z.boolean(),
  /**
   * A part of a mask stays when it looks this much like the object, as a share of how much the part
   * does that looks most like it (`likeness.ts`). All parts stay unless it is given.
   */
  likeness: z.optional(share),
  /** How the figures of a mask make the confidence in it (`confidence.ts`). None is told without. */
  confidence: z.optional(
    z.object({
      bias: z.number(),
      presence: z.number(),
      sureness: z.number(),
      likeness: z.number(),
      contrast: z.number(),
      size: z.number(),
    }),
  ),
  graphs: z.object({
    encoder: graph,
    affinity: graph,
    refine: z.optional(graph),
    seed: z.optional(graph),
    decoder: graph,
  }),
  /** From which presence on an image shows the object, and (their mean) a group has one in common. */
  presence: z.optional(z.object({ image: share, group: share })),
  training: z.optional(z.unknown()),
  metrics: z.optional(z.unknown()),
});

/** `models/<name>/manifest.json`, schema 1: what the graphs are and how they are to be run. */
export type Manifest = z.infer<typeof schema>;
export type GraphName = keyof Manifest["graphs"];
export type Graph = z.infer<typeof graph>;

/** @throws CosalError model_invalid, naming each field that is wrong. */
export function parseManifest(bytes: Uint8Array): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new CosalError("model_invalid", "manifest.json is not JSON", { cause });
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    throw new CosalError("model_invalid", `manifest.json: ${z.prettifyError(result.error)}`);
  }
  const manifest = result.data;
  if (
    Math.max(manifest.refinements, manifest.seededRefinements ?? 0) > 0 &&
    !manifest.graphs.refine
  ) {
    throw new CosalError("model_invalid", "manifest.json: refinements > 0 needs graphs.refine");
  }
  const { likeness, confidence, consensus, graphs } = manifest;
  const looks = likeness !== undefined || confidence !== undefined;
  if (looks && (consensus.shape[0] % 2 > 0 || !graphs.decoder.inputs.features)) {
    throw new CosalError(
      "model_invalid",
      "manifest.json: likeness and confidence need the decoder's input features, and half of the prototypes to be of surroundings",
    );
  }
  return manifest;
}
