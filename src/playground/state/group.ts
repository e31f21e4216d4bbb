import { computed } from "@preact/signals";
import { isReadable, type Photograph, photographs } from "./photographs.ts";
import { consensus, device, givenConsensus, run } from "./run.ts";
import { isSorted } from "./settings.ts";

/** Before a model has said so: presence from which a photograph shows the object, and a group shares one. */
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

/** As they are shown. */
export const shown = computed(() => {
  if (!isSorted.value) return photographs.value;
  const rank = (photograph: Photograph) => (lacksObject(photograph) ? 1 : 0);
  return photographs.value.toSorted((a, b) => rank(a) - rank(b));
});

/** Mean presence, 0..1, of a group that is done. */
export const common = computed(() => {
  const masks = readable.value.flatMap(({ mask }) => mask.value ?? []);
  if (run.value.stage !== "done" || masks.length === 0) return undefined;
  return masks.reduce((sum, { presence }) => sum + presence, 0) / masks.length;
});

/** Share of a group that may lack its object: those are marked themselves, and lower the mean as well. */
const STRAYS = 0.2;

export const hasNothingInCommon = computed(() => {
  const group = readable.value;
  if (group.length < 2 || common.value === undefined) return false;
  const lacking = group.filter(lacksObject).length;
  return common.value < presenceLimits.value.group && lacking > STRAYS * group.length;
});

export const marked = computed(() => readable.value.filter(({ marks }) => marks.value.length > 0));

/** The consensus that masks were made with, for a file. */
export const keptConsensus = computed(() => givenConsensus.value?.consensus ?? consensus.value);
