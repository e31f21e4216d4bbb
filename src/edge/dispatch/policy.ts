import { CosalError } from "../../errors.ts";

/** Where the caller wants a group to be computed. */
export type Wanted = "auto" | "gpu" | "wasm";

export type Place = "gpu" | "wasm";

/** Both in estimated milliseconds of WebAssembly (`estimate`). */
export interface DispatchLimits {
  /** Up to here a group is computed in the Worker, above it on a GPU backend if there is one. */
  readonly preferred: number;
  /** No group above this is computed in the Worker at all. */
  readonly most: number;
}

export interface Situation {
  readonly wanted: Wanted;
  readonly estimate: number;
  readonly limits: DispatchLimits;
  /** Whether any GPU backend is configured that takes such a group. */
  readonly hasGpu: boolean;
  /** Whether a GPU backend has to decode a photograph of it. */
  readonly isDecodedElsewhere: boolean;
}

/** The places to ask, one after the other until one answers, and why they are in this order. */
export interface Plan {
  readonly places: readonly Place[];
  readonly reason: string;
}

/**
 * @throws CosalError group_too_large where only the Worker may compute and the group does not fit,
 * option_invalid where only a GPU may and none here takes such groups: asking again is in vain
 */
export function planFor({ wanted, estimate, limits, hasGpu, isDecodedElsewhere }: Situation): Plan {
  const fits = estimate <= limits.most;
  const cost = `estimated ${Math.round(estimate)} ms in WebAssembly`;
  if (isDecodedElsewhere) {
    return { places: ["gpu"], reason: `${cost}, which does not decode all of it` };
  }
  if (wanted === "wasm") {
    if (!fits) throw tooCostly(estimate, limits);
    return { places: ["wasm"], reason: `asked for; ${cost}` };
  }
  if (wanted === "gpu") {
    if (!hasGpu) {
      const message = "Expected backend=auto or backend=wasm: no GPU backend here takes the group.";
      throw new CosalError("option_invalid", message);
    }
    return { places: ["gpu"], reason: `asked for; ${cost}` };
  }
  if (!hasGpu) {
    if (!fits) throw tooCostly(estimate, limits);
    return { places: ["wasm"], reason: `${cost}; no GPU backend` };
  }
  if (estimate <= limits.preferred && fits) {
    return { places: ["wasm", "gpu"], reason: `${cost}, at most ${limits.preferred}` };
  }
  const places: Place[] = fits ? ["gpu", "wasm"] : ["gpu"];
  return { places, reason: `${cost}, more than ${limits.preferred}` };
}

function tooCostly(estimate: number, { most }: DispatchLimits): CosalError {
  return new CosalError(
    "group_too_large",
    `The group would take about ${Math.round(estimate)} ms in WebAssembly, where at most ${most} ` +
      "are taken. Send fewer photographs.",
    { limit: { name: "wasm_milliseconds", limit: most, actual: Math.round(estimate) } },
  );
}
