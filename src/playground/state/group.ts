import { computed } from "@preact/signals";
import { isReadable, type Photograph, photographs } from "./photographs.ts";
import { consensus, device, givenConsensus, run } from "./run.ts";
import { isSorted } from "./settings.ts";

/** Minimum presence of a photograph that shows the object, until the model is loaded. */
const PRESENCE = { image: 0.5, group: 0.5 };

const presenceLimits = computed(() => device.value?.presence ?? PRESENCE);

export const readable = computed(() => photographs.value.filter(isReadable));

/** Whether a photograph is masked and does not show the object. */
export function lacksObject({ mask, edits }: Photograph): boolean {
  const presence = mask.value?.presence;
  if (presence === undefined || edits.value.length > 0) return false;
  return presence < presenceLimits.value.image;
}

export const someLackObject = computed(() => readable.value.some(lacksObject));

/** The photographs in the order in which they are shown. */
export const shown = computed(() => {
  if (!isSorted.value) return photographs.value;
  const rank = (photograph: Photograph) => (lacksObject(photograph) ? 1 : 0);
  return photographs.value.toSorted((a, b) => rank(a) - rank(b));
});

/** Mean presence of the group when it is done, 0..1. */
export const common = computed(() => {
  const masks = readable.value.flatMap(({ mask }) => mask.value ?? []);
  if (run.value.stage !== "done" || masks.length === 0) return undefined;
  return masks.reduce((sum, { presence }) => sum + presence, 0) / masks.length;
});

/** A group with fewer photographs without the object has one in common, even if its mean presence is low. */
const STRAYS = 0.2;

export const hasNothingInCommon = computed(() => {
  const group = readable.value;
  if (group.length < 2 || common.value === undefined) return false;
  const lacking = group.filter(lacksObject).length;
  return common.value < presenceLimits.value.group && lacking > STRAYS * group.length;
});

export const marked = computed(() => readable.value.filter(({ marks }) => marks.value.length > 0));

/** The consensus that masks were computed with, to save as a file. */
export const keptConsensus = computed(() => givenConsensus.value?.consensus ?? consensus.value);
