// zod/mini, because all of zod would make up two thirds of the Worker.
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
  /**
   * Network input: (rgb / 255 - mean) / std, NCHW. Both sides are resized independently; the aspect
   * ratio is not kept.
   */
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
  /**
   * How often `refine` runs after `seed`, since each run washes out part of what was marked.
   * Defaults to `refinements`.
   */
  seededRefinements: z.optional(z.int().check(z.minimum(0))),
  /**
   * Whether an image's own keys get weight 0 in the affinity, for groups of more than one image.
   */
  excludeSelf: z.boolean(),
  /**
   * A part of a mask is kept if its likeness to the object is at least this share of the most
   * similar part's (`likeness.ts`). If missing, all parts are kept.
   */
  likeness: z.optional(share),
  /**
   * Weights for estimating the confidence in a mask (`confidence.ts`). If missing, there is no
   * estimate.
   */
  confidence: z.optional(
    z.object({
      bias: z.number(),
      height: z.number(),
      flatness: z.number(),
      contrast: z.number(),
      size: z.number(),
    }),
  ),
  /**
   * Weights for the presence, from the decoder's and the mask's likeness (`confidence.ts`). If
   * missing, it is the decoder's.
   */
  presenceWeights: z.optional(
    z.object({ bias: z.number(), presence: z.number(), likeness: z.number() }),
  ),
  graphs: z.object({
    encoder: graph,
    affinity: graph,
    refine: z.optional(graph),
    seed: z.optional(graph),
    decoder: graph,
  }),
  /**
   * Presence from which an image counts as showing the object and, for the mean, a group as sharing
   * one.
   */
  presence: z.optional(z.object({ image: share, group: share })),
  training: z.optional(z.unknown()),
  metrics: z.optional(z.unknown()),
});

/** `models/<name>/manifest.json`, schema 1: the graphs of a model and how to run them. */
export type Manifest = z.infer<typeof schema>;
export type GraphName = keyof Manifest["graphs"];
export type Graph = z.infer<typeof graph>;

/** @throws CosalError model_invalid, naming each invalid field */
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
  const { likeness, confidence, presenceWeights, consensus, graphs } = manifest;
  const looks = (likeness ?? confidence ?? presenceWeights) !== undefined;
  if (looks && (consensus.shape[0] % 2 > 0 || !graphs.decoder.inputs.features)) {
    throw new CosalError(
      "model_invalid",
      "manifest.json: likeness, confidence and presenceWeights need the decoder's input features, and an even number of prototypes, half of them for surroundings",
    );
  }
  return manifest;
}
