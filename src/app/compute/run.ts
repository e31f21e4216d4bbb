import type { ModelDescription } from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import type { GroupResult, ImageResult, SkippedImage, Stores } from "../../group/index.ts";
import type { Log } from "../telemetry/types.ts";
import { abortable } from "./abortable.ts";
import type { Group } from "./plan.ts";
import { groupResult, imageResult, skippedImage } from "./result.ts";
import type { Lease, SingleFlight } from "./single-flight.ts";
import { requireImages, tryStoreImages } from "./stored-images.ts";
import type { Compute, ComputeEvent, LoadableImage, ReusedConsensus } from "./types.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Where a result came from. */
export type CacheState = "hit" | "miss" | "coalesced";

/** A completed step, for one distinct photograph or for the group. `done` is the last one. */
export type Step =
  | {
      readonly type: "backend";
      readonly name: string;
      readonly reason: string;
      readonly cache: CacheState;
    }
  | { readonly type: "decoded"; readonly image: LoadableImage }
  | { readonly type: "encoded"; readonly image: LoadableImage; readonly cached: boolean }
  | { readonly type: "consensus"; readonly consensus: Bytes }
  | {
      readonly type: "mask";
      readonly image: LoadableImage;
      readonly result: ImageResult;
      /** Undefined when the mask is stored and its record was not requested. */
      readonly record: Bytes | undefined;
    }
  | { readonly type: "skipped"; readonly image: LoadableImage; readonly skipped: SkippedImage }
  | { readonly type: "done"; readonly result: GroupResult; readonly cache: CacheState };

export interface RunContext {
  readonly tenant: string;
  readonly stores: Stores;
  readonly compute: Compute;
  readonly singleFlight: SingleFlight;
  readonly models: readonly ModelDescription[];
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly caller: string;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** Whether no client waits for the result. Work that a client waits for goes first. */
  readonly isBackground?: boolean;
  readonly request: string;
  readonly traceparent?: string | undefined;
  /** Whether a stored result is needed with the masks' records and the consensus. */
  readonly withRecords: boolean;
}

/**
 * Yields a group's result step by step. A stored group is read from the store; any other is computed
 * and stored. Equal groups that arrive together are computed once: a request that waited for another
 * reads the store again.
 *
 * @throws CosalError as `Compute` does, with `image` counted in the order sent, and images_missing
 */
export async function* runGroup(group: Group, context: RunContext): AsyncGenerator<Step> {
  let cache: CacheState = "hit";
  for (;;) {
    const hit = await lookUp(group, context);
    if (hit !== undefined) {
      await tryStoreImages(group, context);
      yield* replay(group, hit, cache);
      return;
    }
    const lease = await acquire(group, context);
    if (lease === undefined) {
      cache = "coalesced";
      continue;
    }
    try {
      // Another request may have stored it between the lookup and the lease.
      const late = await lookUp(group, context);
      if (late === undefined) yield* compute(group, context, lease.renew);
      else yield* replay(group, late, "coalesced");
    } finally {
      await lease.release();
    }
    return;
  }
}

/**
 * Acquires the group's lease. Undefined when the lease of another request has ended. The wait counts
 * towards the deadline, since the other request may be a job with a much longer one.
 */
async function acquire({ id }: Group, context: RunContext): Promise<Lease | undefined> {
  const { singleFlight, tenant, signal, deadline } = context;
  const late = AbortSignal.timeout(Math.max(0, deadline - Date.now()));
  try {
    return await singleFlight.acquire(`${tenant}/${id}`, AbortSignal.any([signal, late]));
  } catch (error) {
    signal.throwIfAborted();
    if (!late.aborted) throw error;
    const message = "The group is being computed for another request, and is not done yet.";
    throw new CosalError("deadline_exceeded", message);
  }
}

interface Stored {
  readonly result: GroupResult;
  readonly records: ReadonlyMap<string, Bytes>;
  readonly consensus: Bytes | undefined;
}

/** A stored group. Undefined if a part of it is missing or the store cannot be read. */
async function lookUp(group: Group, context: RunContext): Promise<Stored | undefined> {
  try {
    return await find(group, context);
  } catch (error) {
    if (!(error instanceof CosalError) || error.code !== "store_unavailable") throw error;
    const { log, request } = context;
    log({ level: "warn", event: "group not looked up", request, error });
    return undefined;
  }
}

async function find({ id }: Group, context: RunContext): Promise<Stored | undefined> {
  const { groups } = context.stores;
  const result = await groups.result(id);
  if (result === undefined) return undefined;
  const records = new Map<string, Bytes>();
  if (!context.withRecords) {
    if (!(await groups.isComplete(result))) return undefined;
    return { result, records, consensus: undefined };
  }
  const masks = await Promise.all(
    result.images.map(async ({ sha256 }) => [sha256, await groups.mask(id, sha256)] as const),
  );
  for (const [sha256, record] of masks) {
    if (record === undefined) return undefined;
    records.set(sha256, record);
  }
  const consensus = await groups.consensus(result.consensusOf ?? id);
  if (consensus === undefined && result.consensusOf === undefined) return undefined;
  return { result, records, consensus };
}

function* replay(group: Group, stored: Stored, cache: CacheState): Generator<Step> {
  const { result, records, consensus } = stored;
  const images = new Map(group.distinct.map((image) => [image.sha256, image]));
  yield { type: "backend", name: result.backend, reason: "it is stored", cache };
  if (consensus !== undefined) yield { type: "consensus", consensus };
  for (const one of result.images) {
    const image = images.get(one.sha256);
    if (image !== undefined) {
      yield { type: "mask", image, result: one, record: records.get(one.sha256) };
    }
  }
  for (const skipped of result.skipped) {
    const image = images.get(skipped.sha256);
    if (image !== undefined) yield { type: "skipped", image, skipped };
  }
  yield { type: "done", result, cache };
}

async function* compute(
  group: Group,
  context: RunContext,
  renew: () => void,
): AsyncGenerator<Step> {
  const { stores, models, log, request } = context;
  const consensus = await reusedConsensus(group, stores);
  await requireImages(group, stores);
  const files = tryStoreImages(group, context);
  const found = new Map<string, ImageResult>();
  const left = new Map<string, SkippedImage>();
  let backend = "";
  for await (const event of events(group, context, consensus)) {
    renew();
    const step = stepOf(event, group);
    if (step.type === "mask") {
      // After a fallback to another backend, a mask may be emitted again.
      if (found.has(step.result.sha256)) continue;
      await stores.groups.putMask(group.id, step.result.sha256, step.record as Bytes);
      found.set(step.result.sha256, step.result);
    }
    if (step.type === "skipped") left.set(step.skipped.sha256, step.skipped);
    if (step.type === "consensus") await stores.groups.putConsensus(group.id, step.consensus);
    if (step.type === "backend") {
      if (backend !== "") {
        const { name, reason } = step;
        log({ level: "warn", event: "backend changed", request, from: backend, name, reason });
      }
      backend = step.name;
    }
    yield step;
  }
  if (found.size + left.size < group.distinct.length) throw incomplete();
  if (found.size === 0) throw nothingLeft(group, left);
  const manifest = models.find(({ digest }) => digest === group.model.digest)?.manifest;
  const result = groupResult(group, backend, found.values(), left.values(), manifest);
  await stores.groups.putResult(result);
  await files;
  yield { type: "done", result, cache: "miss" };
}

async function* events(
  group: Group,
  context: RunContext,
  consensus: ReusedConsensus | undefined,
): AsyncGenerator<ComputeEvent> {
  const { tenant, caller, deadline, request, traceparent, isBackground = false } = context;
  const { id, model, distinct: images, seeds, seedRequests, onError, detail, backend } = group;
  // A little later than the deadline of the work, so that the work's own error comes first.
  const late = AbortSignal.timeout(Math.max(0, deadline - Date.now()) + 1000);
  const signal = AbortSignal.any([context.signal, late]);
  const job = {
    ...{ tenant, group: id, model, images, seeds, seedRequests, onError, detail, backend },
    ...(consensus && { consensus }),
  };
  const trace = traceparent === undefined ? {} : { traceparent };
  try {
    const { features } = context.stores;
    const asked = { signal, caller, deadline, isBackground, request, features, ...trace };
    yield* abortable(context.compute(job, asked), signal);
  } catch (error) {
    if (late.aborted && !context.signal.aborted) {
      throw new CosalError("deadline_exceeded", "The group took longer than its deadline.", {
        cause: error,
      });
    }
    throw inOrderSent(error, images);
  }
}

function stepOf(event: ComputeEvent, { distinct }: Group): Step {
  if (event.type === "backend") return { ...event, cache: "miss" };
  if (event.type === "consensus") return event;
  const image = distinct[event.image];
  if (image === undefined) throw new Error(`a backend emitted unknown image ${event.image}`);
  if (event.type === "mask") {
    const { mask } = event;
    return { type: "mask", image, result: imageResult(image, mask), record: mask.record };
  }
  if (event.type === "skipped") {
    return { type: "skipped", image, skipped: skippedImage(image, event.error) };
  }
  return { ...event, image };
}

async function reusedConsensus(
  { consensusOf, consensus }: Group,
  { groups }: Stores,
): Promise<ReusedConsensus | undefined> {
  if (consensusOf === undefined) return undefined;
  const bytes = consensus ?? (await groups.consensus(consensusOf));
  if (bytes !== undefined) return { of: consensusOf, bytes };
  throw new CosalError("not_found", "The group's consensus is not stored here, or no longer.");
}

/** Converts an error's image from its index in the computed order to that in the order sent. */
function inOrderSent(error: unknown, images: readonly LoadableImage[]): unknown {
  if (!(error instanceof CosalError) || error.image === undefined) return error;
  const image = images[error.image.index];
  return image === undefined ? error : error.about({ index: image.index, id: image.id });
}

function nothingLeft(group: Group, left: ReadonlyMap<string, SkippedImage>): CosalError {
  const places = group.sent.flatMap(({ id, sha256 }, index) => {
    const skipped = left.get(sha256);
    return skipped ? [{ pointer: `#/images/${index}`, image: id, detail: skipped.detail }] : [];
  });
  return new CosalError("group_empty", "None of the photographs can be read.", { places });
}

function incomplete(): CosalError {
  return new CosalError("backend_unavailable", "The backend left photographs out.", {
    retryAfter: 5,
  });
}
