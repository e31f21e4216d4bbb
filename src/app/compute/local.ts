import { encodeLogits } from "../../codec/index.ts";
import {
  decodeConsensus,
  encodeConsensus,
  type ImageMask,
  type SegmentEvent,
  type Segmenter,
} from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import { yieldToEventLoop } from "../event-loop.ts";
import { Channel } from "./channel.ts";
import { KnownFaults } from "./known-faults.ts";
import type { Compute, ComputeContext, ComputeEvent, ComputeJob, MaskOfImage } from "./types.ts";

/**
 * Runs one piece of work at a time, until `work` settles or `signal` aborts. `work` awaits `giveWay`
 * between its pieces, so that other work may go first. In a Worker, a request can vanish midway when
 * its client disconnects. Such a host may skip work that has not called `giveWay` for a long time.
 */
export type RunExclusive = <T>(
  work: (giveWay: () => Promise<void>) => Promise<T>,
  requester: Pick<ComputeContext, "caller" | "signal" | "isBackground"> & {
    readonly images: number;
  },
) => Promise<T>;

export interface LocalBackend {
  /** Name of the backend, shown to callers, e.g. `wasm`. */
  readonly name: string;
  /** Why groups are computed here, e.g. `no other backend`. */
  readonly reason: string;
  /** Returns the segmenter of the model with this digest. Cheap once it is loaded. */
  readonly segmenter: (digest: string) => Promise<Segmenter>;
  /** For a network that computes one group at a time. Without it, groups run concurrently. */
  readonly runExclusive?: RunExclusive;
}

/** Computes groups with a segmenter of this process. */
export function localCompute(backend: LocalBackend): Compute {
  const runExclusive: RunExclusive = backend.runExclusive ?? ((work) => work(yieldToEventLoop));
  const faults = new KnownFaults();
  return async function* localCompute(sent, context) {
    const { tenant } = sent;
    const images = sent.images.map((image) => faults.guarded(tenant, image));
    const job = { ...sent, images };
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const channel = new Channel<ComputeEvent>();
    runExclusive((giveWay) => segment(backend, job, { ...context, signal }, channel, giveWay), {
      caller: context.caller,
      signal,
      images: images.length,
      isBackground: context.isBackground ?? false,
    }).then(
      () => channel.end(),
      (error) => channel.end({ error }),
    );
    try {
      for await (const event of channel) {
        if (event.type === "skipped") faults.note(tenant, images[event.image], event.error);
        yield event;
      }
    } catch (error) {
      if (error instanceof CosalError && error.image !== undefined) {
        faults.note(tenant, images[error.image.index], error);
      }
      throw error;
    } finally {
      stop.abort();
    }
  };
}

async function segment(
  { name, reason, segmenter }: LocalBackend,
  job: ComputeJob,
  { signal, deadline, features }: ComputeContext,
  channel: Channel<ComputeEvent>,
  giveWay: () => Promise<void>,
): Promise<void> {
  channel.push({ type: "backend", name, reason });
  const { images, seeds, onError, detail, consensus } = job;
  const options = {
    signal,
    deadline,
    onError,
    detail,
    ...(features && { features }),
    onEvent: async (event: SegmentEvent) => {
      const computeEvent = eventOf(event);
      if (computeEvent !== undefined) channel.push(computeEvent);
      await giveWay();
    },
  };
  const inputs = images.map((image) => ({
    id: image.id,
    digest: image.sha256,
    bytes: () => image.load(),
  }));
  const network = await segmenter(job.model.digest);
  const masks =
    consensus === undefined
      ? network.segment(inputs, { ...options, seeds })
      : network.segmentWith(decodeConsensus(consensus.bytes), inputs, options);
  for await (const mask of masks) {
    channel.push({ type: "mask", image: mask.index, mask: await maskOf(mask) });
    await giveWay();
  }
}

/** Converts a mask of the engine to the form that is stored and sent. */
export async function maskOf(mask: ImageMask): Promise<MaskOfImage> {
  const { width, height, coverage, box, presence, confidence, logits } = mask;
  const record = await encodeLogits({ width, height, logits });
  const told = confidence !== undefined && { confidence };
  return { width, height, coverage, box, presence, ...told, record };
}

function eventOf(event: SegmentEvent): ComputeEvent | undefined {
  switch (event.stage) {
    case "decoded":
      return { type: "decoded", image: event.index };
    case "encoded":
      return { type: "encoded", image: event.index, cached: event.cached };
    case "consensus":
      return { type: "consensus", consensus: encodeConsensus(event.consensus) };
    case "skipped":
      return { type: "skipped", image: event.index, error: event.error };
    case "mask":
      return undefined;
  }
}
