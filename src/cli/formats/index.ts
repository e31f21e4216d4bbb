import { FORMS, type FormName } from "../output/forms.ts";
import { coco } from "./coco.ts";
import { colmap } from "./colmap.ts";
import { cvat } from "./cvat.ts";
import type { Format } from "./format.ts";
import { labelStudio } from "./label-studio.ts";
import { labelme } from "./labelme.ts";
import { nerfstudio } from "./nerfstudio.ts";
import { studio } from "./studio.ts";
import { yolo } from "./yolo.ts";

/** A file for each photograph, beside each other in the set's folder. */
const single = Object.fromEntries(
  Object.entries(FORMS).map(([form, { suffix }]): [string, Format] => [
    form,
    { file: { form: form as FormName, name: ({ stem }) => `${stem}${suffix}` } },
  ]),
);

/** Everything that `--format` knows. */
export const FORMATS: Readonly<Record<string, Format>> = {
  ...single,
  ...{ coco, yolo, colmap, nerfstudio, labelme, cvat, "label-studio": labelStudio, studio },
};

export type { Format, WholeSet } from "./format.ts";
