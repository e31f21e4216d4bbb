import { z } from "zod";
import { CosalError } from "../errors.ts";

const dimension = z.union([z.number().int().positive(), z.enum(["batch", "group"])]);
const tensors = z.record(z.string(), z.array(dimension));

const graph = z.object({
  file: z.string().regex(/^[\w.-]+$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().positive(),
  inputs: tensors,
  outputs: tensors,
});

const schema = z.object({
  schema: z.literal(1),
  name: z.string().min(1),
  version: z.string().min(1),
  licence: z.string(),
  /** Network input: (rgb / 255 - mean) / std, NCHW, both sides resized without keeping the aspect. */
  input: z.object({
    width: z.number().int().positive(),
    height: z.number().int().positive(),
    mean: z.tuple([z.number(), z.number(), z.number()]),
    std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  }),
  consensus: z.object({
    shape: z.tuple([z.number().int().positive(), z.number().int().positive()]),
  }),
  /** How often `refine` runs over the group after `affinity`. */
  refinements: z.number().int().min(0),
  /** Whether an image's own keys get weight 0 in the affinity of a group of more than one. */
  excludeSelf: z.boolean(),
  graphs: z.object({
    encoder: graph,
    affinity: graph,
    refine: graph.optional(),
    seed: graph.optional(),
    decoder: graph,
  }),
  training: z.unknown().optional(),
  metrics: z.unknown().optional(),
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
  if (manifest.refinements > 0 && !manifest.graphs.refine) {
    throw new CosalError("model_invalid", "manifest.json: refinements > 0 needs graphs.refine");
  }
  return manifest;
}
