import type { Manifest } from "../../engine/index.ts";
import type { CosalError } from "../../errors.ts";
import type { GroupResult, ImageResult, Notice, SkippedImage } from "../../group/index.ts";
import type { Group } from "./plan.ts";
import type { LoadableImage, MaskOfImage } from "./types.ts";

/** Mean presence below which photographs seem to share nothing. A model may set another value. */
const NOTHING_IN_COMMON = 0.5;

export function imageResult({ sha256 }: LoadableImage, mask: MaskOfImage): ImageResult {
  const { record: _, ...found } = mask;
  return { sha256, ...found };
}

export function skippedImage({ sha256 }: LoadableImage, error: CosalError): SkippedImage {
  const { code, message, limit } = error;
  return { sha256, code, detail: message, ...(limit && { limit }) };
}

/** The result of a group, after the events of all its photographs. */
export function groupResult(
  group: Group,
  backend: string,
  found: Iterable<ImageResult>,
  left: Iterable<SkippedImage>,
  manifest: Manifest | undefined,
): GroupResult {
  const images = [...found].sort(bySha256);
  const presences = images.map(({ presence }) => presence);
  const common = presences.reduce((sum, one) => sum + one, 0) / images.length;
  return {
    id: group.id,
    model: group.model,
    backend,
    ...(group.consensusOf !== undefined && { consensusOf: group.consensusOf }),
    common,
    images,
    skipped: [...left].sort(bySha256),
    notices: noticesOf(group, images.length, common, manifest?.presence?.group),
  };
}

function noticesOf(
  { consensusOf, seeds }: Group,
  images: number,
  common: number,
  threshold = NOTHING_IN_COMMON,
): Notice[] {
  const notices: Notice[] = [];
  if (images === 1 && consensusOf === undefined && seeds.length === 0) {
    const detail =
      "A single photograph cannot be compared with others. Its mask shows its salient object.";
    notices.push({ code: "single_image", detail });
  }
  if (common < threshold) {
    const detail = `The photographs seem to share no object: mean presence ${common.toFixed(2)}, below ${threshold}.`;
    notices.push({ code: "nothing_in_common", detail });
  }
  return notices;
}

function bySha256(a: { sha256: string }, b: { sha256: string }): number {
  return a.sha256 < b.sha256 ? -1 : 1;
}
