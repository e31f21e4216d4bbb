import type { Format } from "./format.ts";

/**
 * `colmap/masks/NAME.jpg.png`, black where no features are to be looked for: the folder that COLMAP
 * takes as `--ImageReader.mask_path` (https://colmap.github.io/faq.html#mask-image-regions).
 */
export const colmap: Format = {
  file: { form: "binary", name: ({ name }) => `colmap/masks/${name}.png` },
};
