import { mapConcurrently } from "./concurrent-map.ts";
import { affinityWeights, ConsensusMean } from "./consensus.ts";
import type { Network } from "./encode.ts";
import type { Features } from "./features.ts";
import type { GraphName } from "./manifest.ts";
import type { Progress } from "./progress.ts";
import type { Tensor, Tensors } from "./runtime/runtime.ts";
import type { Consensus } from "./types.ts";

/** Marked regions by the position of their image among the features. */
export type Regions = ReadonlyMap<number, Tensor>;

/**
 * Computes the consensus of a group. Each image proposes prototypes of what it shares with the
 * other images (GCoNet+'s group affinity module), then refines them against the consensus so far.
 * If regions are marked, the first proposals come from them instead.
 */
export async function computeConsensus(
  network: Network,
  group: readonly Features[],
  regions: Regions,
  progress: Progress,
): Promise<Consensus> {
  const { manifest, digest, format, graphs, concurrency } = network;
  const { shape } = manifest.consensus;

  async function proposals(
    name: GraphName,
    images: Iterable<number>,
    given: (image: number) => Tensors,
  ): Promise<Float32Array> {
    const mean = new ConsensusMean(shape);
    const outputs = mapConcurrently(images, concurrency, async (image) => {
      progress.check();
      const features = format.unpack(group[image] as Features, graphs.inputs(name));
      return graphs.run(name, { ...features, ...given(image) });
    });
    for await (const output of outputs) mean.add(output);
    return mean.mean();
  }

  let data: Float32Array;
  let rounds = manifest.refinements;
  if (regions.size > 0) {
    rounds = manifest.seededRefinements ?? rounds;
    data = await proposals("seed", regions.keys(), (image) => ({
      region: regions.get(image) as Tensor,
    }));
  } else {
    const keys = concat(group.map((image) => format.unpack(image, ["keys"]).keys as Tensor));
    data = await proposals("affinity", group.keys(), (image) => {
      const weights = affinityWeights(group.length, image, manifest.excludeSelf);
      return { keys, weights: { data: weights, dims: [1, group.length] } };
    });
  }
  for (let round = 0; round < rounds; round++) {
    const consensus = { data, dims: shape };
    data = await proposals("refine", group.keys(), () => ({ consensus }));
  }
  return { model: digest, shape, data };
}

/** Concatenates tensors along the first axis. */
function concat(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (!first) throw new Error("nothing to concatenate");
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let offset = 0;
  for (const tensor of tensors) {
    data.set(tensor.data, offset);
    offset += tensor.data.length;
  }
  return { data, dims: [tensors.length * (first.dims[0] as number), ...first.dims.slice(1)] };
}
