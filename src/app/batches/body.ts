import type { View } from "../representation/group-body.ts";
import { encodeJsonLines } from "../representation/json-lines.ts";
import { filePath, presentationOf, typeOf, type Variant } from "../representation/variants.ts";
import type { BatchBody, BatchResultBody } from "../schemas/batch.ts";
import type {
  Batch,
  BatchFormat,
  BatchHeader,
  BatchRequest,
  HourPrice,
  LineResult,
} from "./types.ts";

const HOUR = 3_600_000;

export function batchPath(id: string): string {
  return `/v1/batches/${id}`;
}

/** Where the result manifest of a batch lies in the bucket; undefined without a destination. */
export function resultsKey({ id, request }: BatchHeader): string | undefined {
  const { destination } = request;
  return destination === undefined ? undefined : `${destination}results-${id}.jsonl`;
}

/** A batch as its owner sees it. */
export function batchBody(batch: Batch, price: HourPrice | undefined): BatchBody {
  const { header, status, updated, succeeded, failed, running, failures, milliseconds } = batch;
  const { id, request, total, created } = header;
  const { model, consensusOf, formats, parallelism } = request;
  const self = batchPath(id);
  const key = status === "completed" ? resultsKey(header) : undefined;
  return {
    ...{ id, status, created, updated, model: { ...model } },
    ...(consensusOf !== undefined && { consensus_of: consensusOf }),
    ...{ formats: [...formats], parallelism },
    counts: { total, pending: total - succeeded - failed, running, succeeded, failed },
    failures: { ...failures },
    rate: Number(batch.rate.toFixed(2)),
    ...(batch.estimatedEnd !== undefined && { estimated_end: batch.estimatedEnd }),
    compute_milliseconds: milliseconds,
    ...(price !== undefined && {
      cost: {
        amount: Number(((price.amount * milliseconds) / HOUR).toPrecision(6)),
        currency: price.currency,
      },
    }),
    ...(batch.waiting !== undefined && { waiting: { ...batch.waiting } }),
    ...(key !== undefined && { results_key: key }),
    links: { self, events: `${self}/events`, results: `${self}/results` },
  };
}

/** One line of the results, with links that work for as long as links do. */
export async function resultBody(
  result: LineResult,
  { formats, size, threshold }: BatchRequest,
  link: View["link"],
): Promise<BatchResultBody> {
  const { line, id, key, group } = result;
  const sha256 = "image" in result ? result.image.sha256 : result.sha256;
  const named = {
    ...{ line, id },
    ...(sha256 !== undefined && { sha256 }),
    ...(key !== undefined && { key }),
    ...(group !== "" && { group }),
  };
  if ("problem" in result) {
    return { ...named, status: "failed", ...result.problem };
  }
  const { image, result: stored, keys } = result;
  const { width, height, coverage, box, presence, confidence } = image;
  const files: NonNullable<BatchResultBody["files"]> = {};
  for (const format of formats) {
    const variant = variantOf(format, { size, threshold });
    files[format] = {
      url: await link(filePath(stored, image.sha256, variant)),
      type: typeOf(variant),
    };
  }
  return {
    ...named,
    status: "succeeded",
    result: `/v1/groups/${stored}`,
    ...{ width, height, coverage, box: box && [...box], presence },
    ...(confidence !== undefined && { confidence }),
    files,
    ...(keys && { keys: { ...keys } }),
  };
}

/** Results as JSON Lines, in blocks. */
export function encodeResults(
  results: AsyncIterable<LineResult>,
  request: BatchRequest,
  link: View["link"],
): AsyncIterable<Uint8Array> {
  async function* bodies() {
    for await (const result of results) yield resultBody(result, request, link);
  }
  return encodeJsonLines(bodies());
}

/** How a format of a batch is rendered. */
export function variantOf(
  format: BatchFormat,
  shown: Pick<BatchRequest, "size" | "threshold">,
): Variant {
  switch (format) {
    case "cutout":
    case "overlay":
      return presentationOf({ ...shown, output: format }).main;
    case "logits":
      return presentationOf({ ...shown, output: "logits" }).main;
    default:
      return presentationOf({ ...shown, format }).main;
  }
}
