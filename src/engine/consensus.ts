import type { Manifest } from "./manifest.ts";
import type { Tensor, Tensors } from "./runtime/runtime.ts";

/** Keeps empty prototypes at zero instead of dividing by zero. */
const MIN_MASS = 1e-6;

/** Weights of the affinity: how much image `i` attends to each image of a group. They sum to 1. */
export function affinityWeights(group: number, i: number, excludeSelf: boolean): Float32Array {
  if (!excludeSelf || group === 1) return new Float32Array(group).fill(1 / group);
  const weights = new Float32Array(group).fill(1 / (group - 1));
  weights[i] = 0;
  return weights;
}

/**
 * The mean of the prototypes proposed by each image, weighted by their mass: `sums` are `[batch,
 * prototypes, channels]`, `mass` is `[batch, prototypes]`. Takes one image at a time and
 * accumulates in double precision, so that the order of images has no visible effect.
 */
export class ConsensusMean {
  private readonly sums: Float64Array;
  private readonly mass: Float64Array;
  private readonly channels: number;

  constructor([prototypes, channels]: Manifest["consensus"]["shape"]) {
    this.sums = new Float64Array(prototypes * channels);
    this.mass = new Float64Array(prototypes);
    this.channels = channels;
  }

  add(outputs: Tensors): void {
    accumulate(this.sums, outputs.sums, "sums");
    accumulate(this.mass, outputs.mass, "mass");
  }

  /** `[prototypes, channels]` */
  mean(): Float32Array {
    return Float32Array.from(
      this.sums,
      (sum, i) => sum / Math.max(this.mass[Math.floor(i / this.channels)] as number, MIN_MASS),
    );
  }
}

function accumulate(total: Float64Array, tensor: Tensor | undefined, name: string): void {
  if (tensor?.data.length !== total.length) {
    throw new Error(`the graph's output ${name} does not have ${total.length} values`);
  }
  for (let i = 0; i < total.length; i++) total[i]! += tensor.data[i] as number;
}
