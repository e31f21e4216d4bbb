import type { Format } from "./format.ts";

/**
 * `colmap/masks/NAME.jpg.png`, black where no features are to be looked for: the folder that COLMAP
 * takes as `--ImageReader.mask_path` (https://colmap.github.io/faq.html#mask-image-regions). COLMAP
 * takes pixels as the file has them, whatever its orientation says, and so are the masks.
 */
export const colmap: Format = {
  file: { form: "stored", name: ({ name }) => `colmap/masks/${name}.png` },
};
