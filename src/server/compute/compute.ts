import { type Compute, localCompute } from "../../app/index.ts";
import type { Segmenter } from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import { type CurrentGroup, forGroup } from "../batching/current-group.ts";
import type { Admission } from "../http/admission.ts";
import type { Metrics } from "../telemetry/metrics.ts";

export interface ServerComputing {
  /** Name of the runtime, shown to callers. */
  readonly runtime: string;
  readonly segmenter: Segmenter;
  readonly admission: Admission;
  readonly metrics: Metrics;
}

/** Computes all admitted groups concurrently, so that their images share batches. */
export function serverCompute(computing: ServerComputing): Compute {
  const { runtime, segmenter, admission, metrics } = computing;
  const local = localCompute({
    name: runtime,
    reason: "this server computes everything",
    segmenter: async () => segmenter,
  });
  return async function* serverCompute(job, context) {
    const left = new AbortController();
    const signal = AbortSignal.any([context.signal, left.signal]);
    const images = job.images.length;
    const { caller, isBackground = false } = context;
    const group: CurrentGroup = { images, served: 0, caller, signal, isBackground };
    const leave = admission.compute(images);
    const end = metrics.startGroup();
    try {
      yield* forGroup(group, local(job, { ...context, signal }));
    } catch (error) {
      // Work that waits for the device stops with the signal, but not always with a CosalError.
      if (Date.now() > context.deadline && !(error instanceof CosalError)) {
        const message = "The group took longer than its deadline.";
        throw new CosalError("deadline_exceeded", message, { cause: error });
      }
      throw error;
    } finally {
      end();
      leave();
      left.abort(new Error("nobody waits for the group any more"));
    }
  };
}
