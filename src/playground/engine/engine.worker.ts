// The engine has its own thread, since a graph blocks the thread it runs on.
import { expose } from "comlink";
import { browserDecoder, browserRuntime } from "../../engine/host/browser.ts";
import {
  type Consensus,
  createSegmenter,
  FeatureFormat,
  type ImageMask,
  likenessMap,
  MAX_GROUP,
  type SegmentEvent,
  type Segmenter,
  type SegmentOptions,
} from "../../engine/index.ts";
import { representatives } from "../../group/representatives.ts";
import { downloadCompressed } from "./downloads.ts";
import { featureBlobs } from "./feature-blobs.ts";
import { openModel } from "./model.ts";
import { problemOf } from "./problem.ts";
import type {
  EngineEvent,
  EngineThread,
  GroupTask,
  ImageTask,
  Mask,
  StartedEngine,
} from "./types.ts";

/** Maximum bytes of a decoder's heap, enough for PNG or WebP of 24 megapixels. */
const DECODER_HEAP = 256 * 1024 * 1024;

const features = featureBlobs();
let segmenter: Segmenter | undefined;
let current = new AbortController();

const thread: EngineThread = {
  async start({ backend, base }, onDownload, onLost) {
    const progress = { done: 0, total: 0 };
    const onBytes = (bytes: number) => {
      progress.done += bytes;
      onDownload(progress.done, Math.max(progress.total, progress.done));
    };
    try {
      const model = await openModel(`${base}models/cosal-lite`, onBytes);
      progress.total += model.bytes;
      const assets = `${base}${RUNTIME_FOLDER}/`;
      const runtime = await browserRuntime({
        backend,
        software: backend === "webgpu",
        assets,
        wasm: (name) => {
          progress.total += RUNTIME_SIZES[name] ?? 0;
          return downloadCompressed(`${assets}${name}.gz`, onBytes);
        },
      });
      const decoder = browserDecoder(assets.slice(0, -1), { heap: DECODER_HEAP });
      segmenter = await createSegmenter({
        model: model.files,
        runtime: runtime.runtime,
        decoder,
        features,
      });
      runtime.lost?.then(onLost);
      const { presence = { image: 0.5, group: 0.5 } } = model.manifest;
      const { threads, adapter } = runtime;
      const value: StartedEngine = { backend: runtime.backend, threads, adapter, presence };
      return { value };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  },

  async mask(group, onEvent) {
    current.abort();
    current = new AbortController();
    const { signal } = current;
    try {
      await maskGroup(segmenter as Segmenter, group, signal, (event) => {
        if (!signal.aborted) onEvent(event);
      });
      return { value: undefined };
    } catch (error) {
      return { problem: problemOf(error) };
    }
  },

  stop: () => current.abort(),

  async likeness(digest, consensus) {
    const { manifest, digest: model } = segmenter as Segmenter;
    const bytes = await features.get(`${model}/${digest}`);
    const format = new FeatureFormat(manifest);
    const record = bytes && format.parse(bytes);
    const tensor = record && format.unpack(record, ["features"]).features;
    return tensor && likenessMap(tensor, consensus);
  },
};

/**
 * Masks a set of any size. If it is larger than a group may be, the consensus comes from the marked
 * photographs and from others that are spread evenly over the set. All are masked with it.
 */
async function maskGroup(
  segmenter: Segmenter,
  { images, seeds, consensus }: GroupTask,
  signal: AbortSignal,
  emit: (event: EngineEvent) => void,
): Promise<void> {
  const optionsFor = (tasks: readonly ImageTask[]): SegmentOptions => ({
    signal,
    onError: "skip",
    onEvent: (event) => report(event, tasks, emit),
  });
  let masks: AsyncIterable<ImageMask>;
  const inputs = images.map(inputOf);
  if (consensus !== undefined) {
    masks = segmenter.segmentWith(consensus, inputs, optionsFor(images));
  } else if (images.length <= MAX_GROUP) {
    masks = segmenter.segment(inputs, { ...optionsFor(images), seeds: seedsIn(images, seeds) });
  } else {
    const marked = images.filter(({ id }) => seeds.some((seed) => seed.id === id));
    const others = images.filter((image) => !marked.includes(image));
    const room = Math.max(0, MAX_GROUP - marked.length);
    const chosen = [
      ...marked.slice(0, MAX_GROUP),
      ...representatives(others.length, room).map((place) => others[place] as ImageTask),
    ];
    const found: Consensus = await segmenter.consensus(chosen.map(inputOf), {
      ...optionsFor(chosen),
      seeds: seedsIn(chosen, seeds),
    });
    masks = segmenter.segmentWith(found, inputs, optionsFor(images));
  }
  for await (const mask of masks) {
    emit({ type: "mask", id: (images[mask.index] as ImageTask).id, mask: smaller(mask) });
  }
}

function report(
  event: SegmentEvent,
  tasks: readonly ImageTask[],
  emit: (event: EngineEvent) => void,
): void {
  if (event.stage === "consensus") emit({ type: "consensus", consensus: event.consensus });
  if (event.stage !== "encoded" && event.stage !== "skipped") return;
  const { id } = tasks[event.index] as ImageTask;
  if (event.stage === "encoded") emit({ type: "encoded", id, cached: event.cached });
  else emit({ type: "skipped", id, problem: problemOf(event.error) });
}

function inputOf({ name, file, digest }: ImageTask) {
  return { id: name, digest, bytes: () => file.bytes() };
}

function seedsIn(images: readonly ImageTask[], seeds: GroupTask["seeds"]) {
  return seeds.flatMap(({ id, negative, point, box }) => {
    const image = images.findIndex((task) => task.id === id);
    if (image < 0) return [];
    const seed = { image, negative };
    return [...(point ? [{ ...seed, point }] : []), ...(box ? [{ ...seed, box }] : [])];
  });
}

function smaller({ width, height, presence, confidence, logits }: ImageMask): Mask {
  const data = new Float16Array(logits.data);
  return { width, height, presence, confidence, logits: { ...logits, data } };
}

expose(thread);
