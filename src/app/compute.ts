import type { ImageMask, Segmenter } from "../engine/index.ts";
import { CosalError } from "../errors.ts";
import type { GroupResult, GroupStore, ImageResult } from "../group/index.ts";
import type { DistinctImage, Group } from "./group.ts";

/**
 * Runs `work` while nothing else that was handed to the same function runs. A turn ends when `work`
 * settles or `signal` aborts. `work` calls `alive` now and then: a host whose requests can vanish
 * in the middle (a Worker's do when the caller hangs up) may give the turn of one that has been
 * silent for long to the next.
 */
export type Exclusive = <T>(
  work: (alive: () => void) => Promise<T>,
  signal?: AbortSignal,
) => Promise<T>;

/** What computing a group takes. */
export interface Computing {
  /** Told for every request: cheap, as the network is loaded by the first group it segments. */
  readonly segmenter: () => Promise<Segmenter>;
  readonly store: Pick<GroupStore, "result" | "mask" | "putMask" | "putResult">;
  /** Where the segmenter runs, as told to the caller. */
  readonly backend: string;
  readonly exclusive: Exclusive;
}

/** A step that is done, for one distinct photograph or (`consensus`) for the group. */
export type ComputeEvent =
  | { readonly stage: "decoded" | "encoded"; readonly image: DistinctImage }
  | { readonly stage: "consensus" }
  | { readonly stage: "mask"; readonly image: DistinctImage; readonly result: ImageResult };

export interface ComputeOptions {
  /** Also answer with the masks' files. */
  readonly withMasks?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ComputeEvent) => void;
}

export interface Computed {
  readonly result: GroupResult;
  readonly cache: "hit" | "miss";
  /** PNG files by SHA-256 of the photograph; empty unless `withMasks`. */
  readonly masks: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/**
 * A group's result: from the store if it is there, else from the network, which leaves it in the
 * store. Equal groups that arrive together are computed once: who waited for the network looks in
 * the store again.
 *
 * @throws CosalError as `Segmenter.segment` does, its `image` counted in the order sent.
 */
export async function computeGroup(
  computing: Computing,
  group: Group,
  options: ComputeOptions = {},
): Promise<Computed> {
  const { store, exclusive } = computing;
  const withMasks = options.withMasks ?? false;
  const lookUp = () => stored(store, group.id, withMasks);
  const hit = await lookUp();
  if (hit !== undefined) return hit;
  return exclusive(
    async (alive) => (await lookUp()) ?? run(computing, group, options, alive),
    options.signal,
  );
}

async function stored(
  store: Computing["store"],
  id: string,
  withMasks: boolean,
): Promise<Computed | undefined> {
  const result = await store.result(id);
  if (result === undefined) return undefined;
  const masks = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { sha256 } of withMasks ? result.images : []) {
    const png = await store.mask(id, sha256);
    if (png === undefined) return undefined;
    masks.set(sha256, png);
  }
  return { result, cache: "hit", masks };
}

async function run(
  { segmenter, store, backend }: Computing,
  { id, model, distinct }: Group,
  { withMasks, signal, onEvent }: ComputeOptions,
  alive: () => void,
): Promise<Computed> {
  const images: ImageResult[] = [];
  const masks = new Map<string, Uint8Array<ArrayBuffer>>();
  const segmentation = (await segmenter()).segment(distinct, {
    signal,
    onEvent: async (event) => {
      alive();
      if (event.stage === "mask" || event.stage === "skipped") return;
      if (event.stage === "consensus") onEvent?.({ stage: "consensus" });
      else onEvent?.({ stage: event.stage, image: distinct[event.index]! });
      await turnOfEventLoop();
    },
  });
  try {
    for await (const mask of segmentation) {
      alive();
      const image = distinct[mask.index]!;
      const png = (await mask.png()) as Uint8Array<ArrayBuffer>;
      await store.putMask(id, image.sha256, png);
      if (withMasks) masks.set(image.sha256, png);
      const result = describe(mask, image);
      images.push(result);
      onEvent?.({ stage: "mask", image, result });
      await turnOfEventLoop();
    }
  } catch (error) {
    throw inOrderSent(error, distinct);
  }
  const result: GroupResult = {
    ...{ id, model, backend, images },
    ...{ common: 1, skipped: [], notices: [] },
  };
  await store.putResult(result);
  return { result, cache: "miss", masks };
}

/**
 * The graphs may run on the host's only thread. Without this nothing that was told would leave, no
 * other request would be served, and nobody would notice that the caller has hung up, until the
 * group is done. With 0 instead of 1 workerd goes on before it has sent anything.
 */
function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

function describe(mask: ImageMask, { sha256 }: DistinctImage): ImageResult {
  const { width, height, coverage, box, presence } = mask;
  return { sha256, width, height, coverage, box, presence };
}

/** The engine counts in the order computed, the caller in the order sent. */
function inOrderSent(error: unknown, distinct: readonly DistinctImage[]): unknown {
  if (!(error instanceof CosalError) || error.image === undefined) return error;
  const image = distinct[error.image.index];
  return image === undefined ? error : error.about({ index: image.index, id: image.id });
}
