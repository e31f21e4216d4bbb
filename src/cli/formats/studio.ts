import type { Format } from "./format.ts";

/** Where the pictures are, below the set's folder. */
export const STUDIO_FOLDER = "studio";

/** What pictures are made of: another look needs no network. */
export const LOGITS_FOLDER = "studio/.logits";

/**
 * `studio/NAME.png`: the object of each photograph on a canvas. The sizes of all objects are needed
 * first, so logits are kept, and pictures are made when the set is masked (`cli/studio`).
 */
export const studio: Format = {
  annotation: "object",
  file: { form: "logits", name: ({ stem }) => `${LOGITS_FOLDER}/${stem}.logits` },
};
