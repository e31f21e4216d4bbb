import { signal } from "@preact/signals";
import { addPhotographs } from "./actions.ts";
import { notice } from "./notice.ts";

/** The sample groups of `examples/`. */
export const SAMPLES = {
  raccoons: [
    ...["on-a-bin", "at-two-bowls", "in-a-tree", "with-a-cat", "two-by-a-palm"],
    ...["upright-in-the-grass", "on-a-wooden-floor", "among-leaves"],
  ],
  cats: [
    ...["under-a-sign", "fed-by-a-woman", "on-a-rock", "black-on-a-road", "in-a-wooden-box"],
    ...["at-a-plastic-shelter", "by-a-hedge", "on-a-waste-bin"],
  ],
  hats: [
    ...["cap-on-a-patterned-floor", "printed-cap", "knitted-with-a-pattern", "straw", "turquoise"],
    ...["striped-cap", "fur-trimmed", "straw-with-a-band"],
  ],
  shoes: [
    ...["pink-slippers", "red-trainers", "on-patterned-tiles", "blue-sandals", "green-heels"],
    ...["on-a-printed-bag", "pink-boots", "on-a-picture-book"],
  ],
} as const;

export type SampleName = keyof typeof SAMPLES;

/** The sample group that is being fetched. */
export const fetchedSample = signal<SampleName | undefined>(undefined);

export function sampleAddress(sample: SampleName, name: string): string {
  return `playground/samples/${sample}/${name}.jpg`;
}

export async function takeSample(sample: SampleName): Promise<void> {
  fetchedSample.value = sample;
  try {
    const files = SAMPLES[sample].map(async (name) => {
      const response = await fetch(sampleAddress(sample, name));
      if (!response.ok) throw new Error(`${name}: ${response.status}`);
      return { file: await response.blob(), name: `${name}.jpg` };
    });
    addPhotographs(await Promise.all(files));
  } catch {
    notice.value = { code: "network", message: "" };
  } finally {
    fetchedSample.value = undefined;
  }
}
