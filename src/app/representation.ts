import { encodeBase64 } from "hono/utils/encode";
import type { Box } from "../engine/index.ts";
import type { GroupResult, ImageResult } from "../group/index.ts";
import type { Computed } from "./compute.ts";
import type { SentImage } from "./group.ts";

/** A link to a mask: an 8-bit grey PNG of the photograph's size, 255 = object, soft. */
export interface MaskBody {
  /** Path on this host; the file never changes. */
  readonly url: string;
  readonly type: "image/png";
  /** The file itself, base64, where `inline=masks` asked for it. */
  readonly data?: string;
}

export interface ImageBody {
  readonly id: string;
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  readonly coverage: number;
  readonly box: Box | null;
  readonly presence: number;
  readonly mask: MaskBody;
}

/** The JSON answer for a group. */
export interface GroupBody {
  readonly id: string;
  readonly model: { readonly name: string; readonly digest: string };
  readonly backend: string;
  readonly cache: "hit" | "miss";
  readonly images: readonly ImageBody[];
}

export function groupPath(group: string): string {
  return `/v1/groups/${group}`;
}

/** A computed group as its sender sees it: images in the order and under the names sent. */
export function groupBody(
  { result, cache, masks }: Computed,
  sent: readonly SentImage[],
): GroupBody {
  const byDigest = new Map(result.images.map((image) => [image.sha256, image]));
  const { id, model, backend } = result;
  const images = sent.map((image) =>
    imageBody(id, image.id, byDigest.get(image.sha256)!, masks.get(image.sha256)),
  );
  return { id, model, backend, cache, images };
}

/** A group as anyone sees it who knows its hash: images are called by their SHA-256, and sorted by it. */
export function storedGroupBody(result: GroupResult): GroupBody {
  const sent = result.images.map(({ sha256 }) => ({ id: sha256, sha256 }));
  return groupBody({ result, cache: "hit", masks: new Map() }, sent);
}

export function imageBody(
  group: string,
  id: string,
  { sha256, width, height, coverage, box, presence }: ImageResult,
  png?: Uint8Array,
): ImageBody {
  const mask: MaskBody = {
    url: `${groupPath(group)}/masks/${sha256}.png`,
    type: "image/png",
    ...(png && { data: encodeBase64(png.buffer) }),
  };
  return { id, sha256, width, height, coverage, box, presence, mask };
}
