import { encodeBase64 } from "hono/utils/encode";
import type { GroupResult, ImageResult, SkippedImage } from "../../group/index.ts";
import type { SentImage } from "../compute/plan.ts";
import type { CacheState } from "../compute/run.ts";
import type { FileBody, GroupBody, ImageBody, NoticeBody } from "../schemas/group.ts";
import { showsObject } from "./studio.ts";
import { filePath, type Presentation, typeOf, type Variant } from "./variants.ts";

/** How a group is presented. */
export interface View {
  readonly presentation: Presentation;
  /** Converts a path to a link, which is signed if necessary. */
  readonly link: (path: string) => string | Promise<string>;
}

export function groupPath(group: string): string {
  return `/v1/groups/${group}`;
}

/**
 * The body of a group for its sender: images in the order and with the ids sent.
 *
 * @param files the main file of each image, by SHA-256, if they are included in the JSON
 */
export async function groupBody(
  result: GroupResult,
  cache: CacheState,
  sent: readonly SentImage[],
  view: View,
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>> = new Map(),
): Promise<GroupBody> {
  const found = new Map(result.images.map((image) => [image.sha256, image]));
  const left = new Map(result.skipped.map((image) => [image.sha256, image]));
  const { id, model, backend, common, consensusOf } = result;
  const images = sent.flatMap((image) => {
    const one = found.get(image.sha256);
    return one ? [imageBody(id, image.id, one, view, files.get(image.sha256))] : [];
  });
  return {
    ...{ id, model: { ...model }, backend, cache, common },
    consensus: { url: await view.link(`${groupPath(consensusOf ?? id)}/consensus`) },
    ...(consensusOf !== undefined && { consensus_of: consensusOf }),
    images: await Promise.all(images),
    skipped: sent.flatMap((image) => {
      const one = left.get(image.sha256);
      return one ? [{ ...skippedBody(one), id: image.id }] : [];
    }),
    notices: [...result.notices, ...duplicates(sent)],
  };
}

/** The body of a stored group: images are named by their SHA-256, and sorted by it. */
export function storedGroupBody(result: GroupResult, view: View): Promise<GroupBody> {
  const digests = [...result.images, ...result.skipped].map(({ sha256 }) => sha256).sort();
  const sent = digests.map((sha256) => ({ id: sha256, sha256 }));
  return groupBody(result, "hit", sent, view);
}

export async function imageBody(
  group: string,
  id: string,
  image: ImageResult,
  view: View,
  main?: Uint8Array<ArrayBuffer>,
): Promise<ImageBody> {
  const { sha256, width, height, coverage, box, presence, confidence } = image;
  const { presentation } = view;
  const file = async (variant: Variant): Promise<FileBody> => ({
    url: await view.link(filePath(group, sha256, variant)),
    type: typeOf(variant),
    ...(main && variant === presentation.main && { data: encodeBase64(main.slice().buffer) }),
  });
  const { kind } = presentation.main;
  return {
    ...{ id, sha256, width, height, coverage, box: box && [...box], presence },
    ...(confidence !== undefined && { confidence }),
    mask: await file(presentation.mask),
    ...(kind === "cutouts" &&
      (presentation.main.studio === undefined || showsObject(image)) && {
        cutout: await file(presentation.main),
      }),
    ...(kind === "overlays" && { overlay: await file(presentation.main) }),
  };
}

function skippedBody({ sha256, code, detail, limit }: SkippedImage) {
  return { sha256, code, detail, ...(limit && { limit }) };
}

/** The notice for photographs that were sent more than once. */
function duplicates(sent: readonly SentImage[]): NoticeBody[] {
  const counts = new Map<string, number>();
  for (const { sha256 } of sent) counts.set(sha256, (counts.get(sha256) ?? 0) + 1);
  const images = sent.filter(({ sha256 }) => counts.get(sha256)! > 1).map(({ id }) => id);
  if (images.length === 0) return [];
  const detail = `${sent.length - counts.size} photographs were sent again; each counts once.`;
  return [{ code: "duplicate_images", detail, images }];
}
