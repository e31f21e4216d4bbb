import { type CocoImage, cocoDocument, yoloData, yoloLabels } from "../../annotations/index.ts";
import { type Box, extentOf } from "../../codec/index.ts";
import { pictures } from "../pictures/pictures.ts";
import type { MaskToRender, PictureForm, StudioSettings } from "../pictures/types.ts";
import { distinct, stemOf } from "./names.ts";

export const FORMATS = ["cutout", "studio", "mask", "binary", "coco", "yolo", "colmap"] as const;
export type FormatName = (typeof FORMATS)[number];

/** A photograph whose mask is exported. */
export interface TakenPhotograph {
  readonly name: string;
  readonly file: Blob;
  readonly mask: MaskToRender;
  /** 0..1 */
  readonly presence: number;
}

export interface TakenSet {
  readonly photographs: readonly TakenPhotograph[];
  /** Name of the object. */
  readonly label: string;
  readonly studio: StudioSettings;
  /** Called with the number of photographs that are done. */
  readonly onProgress: (done: number) => void;
}

/** A file of an archive. */
export interface ArchiveFile {
  readonly name: string;
  readonly input: Blob | string;
}

/** File names of each format that has one file per photograph. */
const PICTURES: Readonly<
  Record<string, { readonly form: PictureForm; readonly name: (name: string) => string }>
> = {
  cutout: { form: "cutout", name: (name) => `${stemOf(name)}.cutout.png` },
  mask: { form: "mask", name: (name) => `${stemOf(name)}.png` },
  binary: { form: "binary", name: (name) => `${stemOf(name)}.binary.png` },
  // The names that `--ImageReader.mask_path` expects (https://colmap.github.io/faq.html#mask-image-regions).
  colmap: { form: "binary", name: (name) => `masks/${name}.png` },
};

/** The files of a format. Each is rendered when it is requested. */
export async function* filesOf(format: FormatName, set: TakenSet): AsyncGenerator<ArchiveFile> {
  const names = distinct(set.photographs.map(({ name }) => name));
  const named = set.photographs.map((photograph, i) => ({
    ...photograph,
    name: names[i] as string,
  }));
  const picture = PICTURES[format];
  if (picture) yield* pictureFiles(picture, named, set.onProgress);
  else if (format === "studio") yield* studioFiles({ ...set, photographs: named });
  else if (format === "coco") yield await cocoFile({ ...set, photographs: named });
  else yield* yoloFiles({ ...set, photographs: named });
}

async function* pictureFiles(
  { form, name: nameOf }: (typeof PICTURES)[string],
  photographs: readonly TakenPhotograph[],
  onProgress: TakenSet["onProgress"],
): AsyncGenerator<ArchiveFile> {
  for (const [i, { name, file, mask }] of photographs.entries()) {
    const outcome = await pictures().render(form, file, mask);
    if ("problem" in outcome) throw new Error(`${name}: ${outcome.problem.message}`);
    onProgress(i + 1);
    yield { name: nameOf(name), input: outcome.value };
  }
}

/** Each object on its own canvas, with relative sizes kept. Photographs without the object are omitted. */
async function* studioFiles(set: TakenSet): AsyncGenerator<ArchiveFile> {
  const subjects: { width: number; height: number; box: Box }[] = [];
  for (const { mask } of set.photographs) {
    const { box } = await pictures().measure(mask);
    if (box) subjects.push({ width: mask.width, height: mask.height, box });
  }
  const extent = extentOf(subjects);
  for (const [i, { name, file, mask }] of set.photographs.entries()) {
    const outcome = await pictures().studio(file, mask, set.studio, extent);
    set.onProgress(i + 1);
    if ("value" in outcome) yield { name: `${stemOf(name)}.studio.png`, input: outcome.value };
    else if (outcome.problem.code !== "object_missing") {
      throw new Error(`${name}: ${outcome.problem.message}`);
    }
  }
}

async function cocoFile({ photographs, label, onProgress }: TakenSet): Promise<ArchiveFile> {
  const images: CocoImage[] = [];
  for (const { name, mask, presence } of photographs) {
    const { width, height } = mask;
    images.push({ name, width, height, presence, ...(await pictures().rle(mask)) });
    onProgress(images.length);
  }
  const pieces = await Array.fromAsync(cocoDocument(label, () => images));
  return { name: "coco.json", input: new Blob(pieces, { type: "application/json" }) };
}

async function* yoloFiles(set: TakenSet): AsyncGenerator<ArchiveFile> {
  yield { name: "data.yaml", input: yoloData(set.label) };
  for (const [i, { name, file, mask }] of set.photographs.entries()) {
    const { width, height } = mask;
    const polygons = await pictures().polygons(mask);
    yield { name: `labels/${stemOf(name)}.txt`, input: yoloLabels({ width, height, polygons }) };
    yield { name: `images/${name}`, input: file };
    set.onProgress(i + 1);
  }
}
