// A thread of the command line: the engine with heaps of its own. Threads share nothing but files.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
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
      const input = inputOf(task.image);
      await (await segmenter()).encode([input]);
      return input.digest;
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

function inputOf(image: ImageTask): ImageInput & { readonly digest: string } {
  const { name: id, digest } = image;
  if (digest !== undefined) return { id, digest, bytes: async () => contentOf(image) };
  const bytes = contentOf(image);
  return { id, digest: createHash("sha256").update(bytes).digest("hex"), bytes: async () => bytes };
}

/** The photograph's file. It waits for the disk, as `writeWhole` does. */
function contentOf({ path }: ImageTask): Uint8Array {
  return new Uint8Array(readFileSync(path));
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
  image: ImageTask,
  { files, threshold, annotations }: RenderTask,
): Promise<MaskFacts> {
  const { width, height } = record;
  let pixels: ReturnType<typeof decoder.decode> | undefined;
  const orientation = async () => decoder.inspect(contentOf(image)).orientation;
  for (const file of files) {
    const content = await FORMS[file.form].render({
      ...{ record, threshold, orientation },
      pixels: () => {
        pixels ??= decoder.decode(contentOf(image));
        return pixels;
      },
    });
    writeWhole(file.path, content);
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
