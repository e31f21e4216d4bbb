import type { ComputeEvent, ComputeJob } from "../../app/index.ts";
import { CONSENSUS_TYPE } from "../../app/media-types.ts";
import { boundaryOf } from "../../app/multipart/boundary.ts";
import { collected, limited } from "../../app/multipart/chunks.ts";
import { parseDisposition } from "../../app/multipart/disposition.ts";
import { readParts } from "../../app/multipart/parts.ts";
import { type GroupBody, GroupSchema } from "../../app/schemas/group.ts";
import { decodeLogits } from "../../codec/index.ts";
import { decodeConsensus } from "../../engine/index.ts";
import { CosalError, ERROR_CODES, type ErrorCode } from "../../errors.ts";
import { BackendFailure } from "./backend-failure.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of one part. A record of 1024 x 1024 logits has 2 MiB. */
const MAX_PART = 4 * 2 ** 20;

/** Bytes of a whole response. Records of 64 photographs have about 2 MiB. */
const MAX_RESPONSE = 48 * 2 ** 20;

const LOGITS = "application/vnd.cosal.logits";

/**
 * Reads the events from a GPU server's response (`multipart/mixed`): a part for each photograph as
 * soon as it is ready, one for the consensus, and the JSON result last. The response is parsed as it
 * arrives. Masks are emitted only after the whole response has arrived and matches the group, so
 * nothing from a broken backend is passed on.
 *
 * @throws BackendFailure for a response that is invalid, incomplete, or of another group or model
 */
export async function* readResponse(
  response: Response,
  job: ComputeJob,
): AsyncGenerator<ComputeEvent> {
  const parts = new ResponseParts(job);
  try {
    for await (const part of partsOf(response, job.images.length)) yield* parts.take(part);
    yield* parts.finish();
  } catch (cause) {
    if (cause instanceof BackendFailure) throw cause;
    throw new BackendFailure("failed", "sent an incomplete or invalid response", { cause });
  }
}

interface ResponsePart {
  readonly mediaType: string;
  readonly fileName?: string | undefined;
  readonly bytes: Bytes;
}

async function* partsOf(response: Response, images: number): AsyncGenerator<ResponsePart> {
  const contentType = response.headers.get("content-type") ?? "";
  const boundary = boundaryOf(contentType);
  const isMixed = mediaTypeOf(contentType) === "multipart/mixed";
  if (!isMixed || boundary === undefined || response.body === null) {
    throw invalid("a response of another type");
  }
  const chunks = limited(response.body, MAX_RESPONSE, () => invalid("too many bytes"));
  let left = images + 2;
  for await (const { headers, body } of readParts(chunks, boundary)) {
    if (left-- === 0) throw invalid("too many parts");
    const { fileName } = parseDisposition(headers.get("content-disposition") ?? "");
    const bytes = await collected(limited(body, MAX_PART, () => invalid("too large a part")));
    yield { mediaType: mediaTypeOf(headers.get("content-type") ?? ""), fileName, bytes };
  }
}

function mediaTypeOf(contentType: string): string {
  return (contentType.split(";")[0] as string).trim().toLowerCase();
}

/** The parts of a response that have arrived so far. */
class ResponseParts {
  readonly #job: ComputeJob;
  readonly #places: ReadonlyMap<string, number>;
  /** Mask records by the image's position in the job. */
  readonly #records = new Map<number, Bytes>();
  #consensus: Bytes | undefined;
  #result: GroupBody | undefined;

  constructor(job: ComputeJob) {
    this.#job = job;
    this.#places = new Map(job.images.map(({ sha256 }, place) => [sha256, place]));
  }

  async *take({ mediaType, fileName, bytes }: ResponsePart): AsyncGenerator<ComputeEvent> {
    if (mediaType === LOGITS) {
      const image = this.#place(fileName);
      this.#records.set(image, bytes);
      yield { type: "encoded", image, cached: false };
    } else if (mediaType === CONSENSUS_TYPE) {
      if (decodeConsensus(bytes).model !== this.#job.model.digest) throw invalid("another model");
      this.#consensus = bytes;
    } else if (mediaType === "application/json") {
      this.#result = GroupSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    } else throw invalid(`a part of type ${mediaType}`);
  }

  async *finish(): AsyncGenerator<ComputeEvent> {
    const { group, model, images } = this.#job;
    const result = this.#result;
    if (result === undefined) throw invalid("no result");
    if (result.model.digest !== model.digest) throw invalid("another model");
    if (result.id !== group) throw invalid("another group");
    const mentioned = new Set([...result.images, ...result.skipped].map(({ sha256 }) => sha256));
    if (mentioned.size !== images.length) throw invalid("fewer images than it was sent");
    if (this.#job.consensus === undefined) {
      if (this.#consensus === undefined) throw invalid("no consensus");
      yield { type: "consensus", consensus: this.#consensus };
    }
    for (const skipped of result.skipped) yield this.#skipped(skipped);
    // All masks are read before the first is emitted.
    const masks: ComputeEvent[] = [];
    for (const image of result.images) masks.push(await this.#mask(image));
    yield* masks;
  }

  async #mask(found: GroupBody["images"][number]): Promise<ComputeEvent> {
    const image = this.#place(found.sha256);
    const record = this.#records.get(image);
    if (record === undefined) throw invalid("no mask of an image");
    const { width, height } = await decodeLogits(record);
    const header = this.#job.images[image]?.header ?? found;
    for (const size of [found, header]) {
      if (size.width !== width || size.height !== height) throw invalid("a mask of another size");
    }
    const { coverage, box, presence, confidence } = found;
    const optional = confidence !== undefined && { confidence };
    return {
      type: "mask",
      image,
      mask: { width, height, coverage, box, presence, ...optional, record },
    };
  }

  #skipped({ sha256, code, detail, limit }: GroupBody["skipped"][number]): ComputeEvent {
    const image = this.#place(sha256);
    if (!ERROR_CODES.includes(code as ErrorCode)) throw invalid("an unknown code");
    const error = new CosalError(code as ErrorCode, detail, { ...(limit && { limit }) });
    return { type: "skipped", image, error };
  }

  #place(sha256: string | undefined): number {
    const place = this.#places.get(sha256 ?? "");
    if (place === undefined) throw invalid("an image that it was not sent");
    return place;
  }
}

function invalid(what: string): BackendFailure {
  return new BackendFailure("failed", `sent ${what}`);
}
