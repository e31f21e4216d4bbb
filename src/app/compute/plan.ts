import type { Decoder, ImageHeader } from "../../codec/index.ts";
import {
  type Detail,
  decodeConsensus,
  type ModelDescription,
  type Seed,
  seedGrid,
} from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import { distinct, groupId, optionsOf, type Stores } from "../../group/index.ts";
import type { Limits } from "../limits.ts";
import type { SeedRequest } from "../schemas/request.ts";
import type { ReceivedImage } from "../upload/received.ts";
import { type ResolvedSeed, resolveSeeds } from "../upload/seeds.ts";
import type { BackendChoice, LoadableImage } from "./types.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A photograph of a request, identified by its SHA-256. */
export interface SentImage {
  readonly id: string;
  readonly sha256: string;
}

/** The group of a request: its photographs in the order sent, and the work to compute. */
export interface Group {
  readonly id: string;
  readonly model: { readonly name: string; readonly digest: string };
  readonly sent: readonly SentImage[];
  /** Each photograph once, sorted by SHA-256, so that equal groups are computed in equal order. */
  readonly distinct: readonly LoadableImage[];
  /** Files of the request that are in memory, by SHA-256. */
  readonly files: ReadonlyMap<string, Bytes>;
  readonly seeds: readonly Seed[];
  /** The seeds as they were sent, their images named by SHA-256. */
  readonly seedRequests: readonly SeedRequest[];
  readonly onError: "fail" | "skip";
  readonly detail: Detail;
  readonly backend: BackendChoice;
  readonly consensusOf?: string;
  /** That consensus, if it came with the request. */
  readonly consensus?: Bytes;
}

/** The content of a group request, from a form or from JSON. */
export interface GroupRequest {
  readonly images: readonly ReceivedImage[];
  readonly seeds: readonly SeedRequest[];
  readonly onError: "fail" | "skip";
  readonly detail: Detail;
  readonly backend: BackendChoice;
  /** Name of the model. The default model if undefined. */
  readonly model?: string | undefined;
  /** A stored group whose consensus is used. */
  readonly consensusOf?: string | undefined;
  /** The consensus of that group, if it came with the request. The group need not be stored then. */
  readonly consensus?: Bytes | undefined;
}

export interface PlanContext {
  readonly models: readonly ModelDescription[];
  readonly stores: Stores;
  readonly decoder: Decoder;
  readonly limits: Limits;
}

/**
 * Names a group and each of its photographs by their contents.
 *
 * @throws CosalError model_unknown, seed_invalid, group_too_many_pixels, group_too_large,
 * consensus_incompatible, not_found
 */
export async function planGroup(request: GroupRequest, context: PlanContext): Promise<Group> {
  const { images, onError, detail, backend, consensusOf, consensus } = request;
  const model = await modelOf(request, context);
  const seeds = await seedsOf(request, model.digest, context);
  const digests = images.map(({ sha256 }) => sha256);
  const id = await groupId({
    model: model.digest,
    ...(consensusOf !== undefined && { consensusOf }),
    options: optionsOf({ onError, detail }),
    seeds: seeds.map(({ identity }) => identity),
    images: digests,
  });
  const names = distinct(digests);
  const group: Group = {
    id,
    model,
    sent: images.map(({ id, sha256 }) => ({ id, sha256 })),
    distinct: names.map((sha256) => loadable(images, digests.indexOf(sha256), context.stores)),
    files: new Map(
      images.flatMap(({ sha256, bytes }) => (bytes ? [[sha256, bytes] as const] : [])),
    ),
    seeds: seeds.map(({ identity, mark }) => ({ image: names.indexOf(identity.image), ...mark })),
    seedRequests: seeds.map((seed) => seed.request),
    onError,
    detail,
    backend,
    ...(consensusOf !== undefined && { consensusOf }),
    ...(consensus !== undefined && { consensus }),
  };
  checkSize(group, context.limits);
  return group;
}

async function seedsOf(
  { seeds, images }: GroupRequest,
  model: string,
  context: PlanContext,
): Promise<ResolvedSeed[]> {
  const { models, decoder } = context;
  const description = models.find(({ digest }) => digest === model);
  if (seeds.length === 0 || description === undefined) return [];
  const grid = seedGrid(description.manifest);
  const sizes = new Map<string, ImageHeader | undefined>();
  return resolveSeeds(seeds, {
    ...{ images, decoder, grid },
    async sizeOf(sha256) {
      if (!sizes.has(sha256)) sizes.set(sha256, await sizeOfImage(sha256, images, context));
      return sizes.get(sha256);
    },
  });
}

/** Reads the size from the request or from the store. */
async function sizeOfImage(
  sha256: string,
  images: readonly ReceivedImage[],
  { stores, decoder }: PlanContext,
): Promise<ImageHeader | undefined> {
  const sent = images.find((image) => image.sha256 === sha256 && image.header !== undefined);
  if (sent !== undefined) return sent.header;
  const stored = await stores.images.get(sha256);
  return stored && decoder.inspect(stored);
}

/**
 * The model for a request: the model of its consensus, or the one that it names.
 *
 * @throws CosalError model_unknown, consensus_incompatible, not_found
 */
export async function modelOf(
  { model, consensusOf, consensus }: Pick<GroupRequest, "model" | "consensusOf" | "consensus">,
  { models, stores }: Pick<PlanContext, "models" | "stores">,
): Promise<Group["model"]> {
  const described = models.map(({ manifest, digest }) => ({ name: manifest.name, digest }));
  if (consensusOf !== undefined) {
    const base =
      consensus === undefined
        ? await storedModel(consensusOf, stores)
        : { name: "another model", digest: decodeConsensus(consensus).model };
    const own = described.find(({ digest }) => digest === base.digest);
    if (own !== undefined && (model === undefined || own.name === model)) return own;
    throw new CosalError(
      "consensus_incompatible",
      `The group was computed with ${base.name} (${base.digest.slice(0, 12)}).`,
    );
  }
  const wanted = model === undefined ? described[0] : described.find(({ name }) => name === model);
  if (wanted !== undefined) return wanted;
  const names = described.map(({ name }) => name).join(", ");
  throw new CosalError(
    "model_unknown",
    `There is no model ${JSON.stringify(model)} here: ${names}.`,
  );
}

async function storedModel(group: string, { groups }: Stores): Promise<Group["model"]> {
  const result = await groups.result(group);
  if (result !== undefined) return result.model;
  throw new CosalError("not_found", "The group is not stored here, or no longer.");
}

function loadable(images: readonly ReceivedImage[], index: number, stores: Stores): LoadableImage {
  const { id, sha256 } = images[index] as ReceivedImage;
  // The same photograph may be sent both as a file and by SHA-256.
  const withFile = images.find((image) => image.sha256 === sha256 && (image.bytes ?? image.header));
  const { bytes, header } = withFile ?? {};
  const expired = () => {
    const message = `The photograph ${JSON.stringify(id)} is no longer stored. Send it again.`;
    return new CosalError("image_expired", message);
  };
  const stream = async () => {
    const file = await stores.images.stream?.(sha256);
    if (file !== undefined) return file;
    throw expired();
  };
  return {
    id,
    index,
    sha256,
    ...(header && { header: headerOf(header) }),
    async load() {
      const file = bytes ?? (await stores.images.get(sha256));
      if (file !== undefined) return file;
      throw expired();
    },
    ...(bytes === undefined && stores.images.stream && { stream }),
  };
}

function headerOf(header: NonNullable<ReceivedImage["header"]>) {
  const { bytes, width, height, cost, decodedElsewhere } = header;
  return { bytes, width, height, cost, ...(decodedElsewhere && { decodedElsewhere }) };
}

/** Checks that a backend of the caller's choice accepts the group. Unknown sizes count as 0. */
function checkSize({ distinct: images, backend, onError }: Group, { backends }: Limits): void {
  const kinds = backend === "auto" ? (["wasm", "gpu"] as const) : [backend];
  const candidates = kinds.flatMap((kind) => backends[kind] ?? []);
  if (candidates.length === 0) return;
  const most = Math.max(...candidates.map((limits) => limits.images));
  if (images.length > most) {
    throw new CosalError("group_too_large", `At most ${most} images can be computed together.`, {
      limit: { name: "images", limit: most, actual: images.length },
    });
  }
  const each = Math.max(...candidates.map(({ pixels }) => pixels));
  const large = images.find(({ header }) => header && header.width * header.height > each);
  if (large?.header && onError === "fail") {
    const { width, height } = large.header;
    const { index, id } = large;
    const message = `The image is ${width} x ${height} pixels; at most ${each} are accepted.`;
    throw new CosalError("image_too_many_pixels", message, {
      image: { index, id },
      limit: { name: "pixels", limit: each, actual: width * height },
    });
  }
  const limit = Math.max(...candidates.map(({ totalPixels }) => totalPixels));
  const pixels = images.map(({ header }) => (header ? header.width * header.height : 0));
  const actual = pixels.reduce((sum, count) => sum + count, 0);
  if (actual > limit) {
    throw new CosalError(
      "group_too_many_pixels",
      `The photographs have ${actual} pixels together; at most ${limit} are accepted.`,
      { limit: { name: "pixels", limit, actual } },
    );
  }
}
