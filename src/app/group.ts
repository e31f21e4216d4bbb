import type { Segmenter } from "../engine/index.ts";
import type { GroupResult } from "../group/index.ts";
import { DEFAULT_OPTIONS, distinct, groupId, sha256 } from "../group/index.ts";
import type { UploadedImage } from "./upload.ts";

/** A photograph of a request, named by its contents. */
export interface SentImage {
  readonly id: string;
  readonly sha256: string;
}

/** A photograph to compute. `index` and `id` are those of its first appearance in the request. */
export interface DistinctImage extends SentImage {
  readonly index: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A request's group: what was sent, in the order sent, and what is to be computed. */
export interface Group {
  readonly id: string;
  readonly model: GroupResult["model"];
  readonly sent: readonly SentImage[];
  /** Each photograph once, sorted by SHA-256, so that equal groups are computed in equal order. */
  readonly distinct: readonly DistinctImage[];
}

/** Names a group and each of its photographs by their contents. */
export async function identify(
  images: readonly UploadedImage[],
  { name, digest }: Pick<Segmenter, "name" | "digest">,
): Promise<Group> {
  const digests = await Promise.all(images.map(({ bytes }) => sha256(bytes)));
  const sent = images.map(({ id }, i) => ({ id, sha256: digests[i]! }));
  const id = await groupId({ model: digest, options: DEFAULT_OPTIONS, images: digests });
  return {
    id,
    model: { name, digest },
    sent,
    distinct: distinct(digests).map((image) => {
      const index = digests.indexOf(image);
      return { ...sent[index]!, index, bytes: images[index]!.bytes };
    }),
  };
}
