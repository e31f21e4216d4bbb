import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { nodeDecoder } from "../../codec/node.ts";
import { createSegmenter, type ImageInput, MAX_GROUP } from "../../engine/index.ts";
import { representatives } from "../../group/representatives.ts";
import { bundledModel } from "../engine/model.ts";
import { openRuntime } from "../engine/runtime.ts";
import { RUNTIMES } from "../engine/runtime-name.ts";
import { EXIT } from "../exit-status.ts";
import { readSets } from "../sets.ts";

/** Photographs of a round, spread over what was given. */
const SAMPLE = 16;
const ROUNDS = 3;

/** `cosal bench PATH...`: milliseconds for a photograph here, by runtime, on one thread. */
export async function bench(paths: readonly string[]): Promise<number> {
  const photographs = (await readSets(paths, { recursive: true })).flatMap(
    (set) => set.photographs,
  );
  const chosen = representatives(photographs.length, Math.min(SAMPLE, MAX_GROUP)).map(
    (place) => photographs[place] as { name: string; path: string },
  );
  const images: ImageInput[] = await Promise.all(
    chosen.map(async ({ name, path }) => ({
      id: name,
      bytes: new Uint8Array(await readFile(path)),
    })),
  );
  console.log(`${images.length} photographs, ${cpus()[0]?.model ?? ""}, Node ${process.version}`);
  console.log(
    "milliseconds for a photograph on one thread, from file to mask: median of 3 rounds\n",
  );
  for (const name of RUNTIMES) {
    const measured = await measure(name, images).catch((error: Error) => error.message);
    const text =
      typeof measured === "number" ? measured.toFixed(0).padStart(6) : `not here: ${measured}`;
    console.log(`${name.padEnd(8)} ${text}`);
  }
  return EXIT.done;
}

async function measure(
  name: (typeof RUNTIMES)[number],
  images: readonly ImageInput[],
): Promise<number> {
  const segmenter = await createSegmenter({
    model: bundledModel(),
    runtime: await openRuntime(name),
    decoder: nodeDecoder(),
  });
  const round = async () => {
    const begun = performance.now();
    for await (const _ of segmenter.segment(images, { onError: "skip" }));
    return (performance.now() - begun) / images.length;
  };
  // The first one loads the graphs.
  await round();
  const rounds: number[] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await round());
  return rounds.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
}
