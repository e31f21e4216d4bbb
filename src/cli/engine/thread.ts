// A thread of the command line: the engine with heaps of its own. Threads share nothing but files.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { workerData } from "piscina";
import {
  atHalfPrecision,
  decodeLogits,
  type MaskRecord,
  maskPolygons,
  maskRle,
  maskRowRuns,
  measureMask,
} from "../../codec/index.ts";
import { nodeDecoder } from "../../codec/node.ts";
import {
  createSegmenter,
  decodeConsensus,
  encodeConsensus,
  type ImageInput,
  type Seed,
} from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import { FORMS } from "../output/forms.ts";
import { writeWhole } from "../output/whole-file.ts";
import { writeStudioPicture } from "../studio/picture.ts";
import { featureFolder, lastFeatures } from "./feature-folder.ts";
import { bundledModel } from "./model.ts";
import { openRuntime } from "./runtime.ts";
import type {
  Annotation,
  ImageTask,
  MaskFacts,
  Outcome,
  RenderTask,
  SeedTask,
  Task,
  ThreadData,
} from "./task.ts";

const { runtime, detail, features } = workerData as ThreadData;
const decoder = nodeDecoder();
let opened: ReturnType<typeof open> | undefined;

async function open() {
  return createSegmenter({
    model: bundledModel(),
    runtime: await openRuntime(runtime),
    decoder,
    features: featureFolder(features),
  });
}

function segmenter() {
  opened ??= open();
  return opened;
}

export default async function run(task: Task): Promise<Outcome<unknown>> {
  try {
    return { value: await perform(task) };
  } catch (error) {
    if (!(error instanceof CosalError)) throw error;
    const { code, message, image } = error;
    return { error: { code, message, ...(image !== undefined && { image }) } };
  } finally {
    decoder.trim();
  }
}

async function perform(task: Task): Promise<unknown> {
  switch (task.type) {
    case "encode": {
      const bytes = new Uint8Array(await readFile(task.image.path));
      const digest = createHash("sha256").update(bytes).digest("hex");
      await (await segmenter()).encode([{ id: task.image.name, bytes, digest }]);
      return digest;
    }
    case "consensus": {
      const seeds = await Promise.all(task.seeds.map(seedOf));
      const images = task.images.map(inputOf);
      return encodeConsensus(await (await segmenter()).consensus(images, { seeds }));
    }
    case "mask": {
      const input = inputOf(task.image);
      const consensus = decodeConsensus(task.consensus);
      const options = { detail, features: lastFeatures(features) };
      const masks = (await segmenter()).segmentWith(consensus, [input], options);
      const [mask] = await Array.fromAsync(masks);
      if (mask === undefined) throw new Error("a mask for each image");
      // As stores and services keep it: in half precision.
      const record = atHalfPrecision(mask);
      const { presence, confidence } = mask;
      return { ...(await render(record, task.image, task.render)), presence, confidence };
    }
    case "render":
      return render(await decodeLogits(task.logits), task.image, task.render);
    case "studio":
      return writeStudioPicture(task.image, task.studio, decoder);
  }
}

function inputOf({ name, path }: ImageTask): ImageInput {
  return { id: name, bytes: async () => new Uint8Array(await readFile(path)) };
}

async function seedOf({ point, box, mask, ...seed }: SeedTask): Promise<Seed> {
  if (point !== undefined) return { ...seed, point };
  if (box !== undefined) return { ...seed, box };
  if (mask === undefined) throw new Error("a seed marks something");
  const { width, height, data } = await decoder.decode(mask);
  const grey = Uint8Array.from({ length: width * height }, (_, i) => data[4 * i] as number);
  return { ...seed, mask: { width, height, data: grey } };
}

async function render(
  record: MaskRecord,
  { path }: ImageTask,
  { files, threshold, annotations }: RenderTask,
): Promise<MaskFacts> {
  const { width, height } = record;
  let pixels: ReturnType<typeof decoder.decode> | undefined;
  const bytes = async () => new Uint8Array(await readFile(path));
  const read = async () => decoder.decode(await bytes());
  const orientation = async () => decoder.inspect(await bytes()).orientation;
  for (const file of files) {
    const content = await FORMS[file.form].render({
      ...{ record, threshold, orientation },
      pixels: () => {
        pixels ??= read();
        return pixels;
      },
    });
    await writeWhole(file.path, content);
  }
  const level = Math.log(threshold / (1 - threshold));
  const { coverage, box } = measureMask(record.logits, width, height, level);
  const wants = (annotation: Annotation) => annotations.includes(annotation);
  return {
    ...{ width, height, coverage, box },
    ...(wants("object") && { object: measureMask(record.logits, width, height).box }),
    ...(wants("rle") && { rle: await maskRle(record, { threshold }) }),
    ...(wants("rows") && box !== null && { rows: maskRowRuns(record, box, { threshold }) }),
    ...(wants("polygons") && { polygons: await maskPolygons(record, { threshold }) }),
  };
}
