// What a GPU server answers a Worker, for tests: right, and wrong in every way that we know of.
import type { ComputeJob } from "../src/app/index.ts";
import { encodeLogits } from "../src/codec/index.ts";
import { encodeConsensus } from "../src/engine/index.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface AnswerPart {
  readonly type: string;
  readonly filename?: string;
  readonly body: Bytes | string;
}

export const BOUNDARY = "answer-boundary";

/** Masks of 8 x 6 whose logits are all 1. */
export async function rightParts(job: ComputeJob): Promise<AnswerPart[]> {
  const logits = { width: 4, height: 3, data: new Float32Array(12).fill(1) };
  const record = await encodeLogits({ width: 8, height: 6, logits });
  const data = new Float32Array(16).fill(0.5);
  const consensus = encodeConsensus({ model: job.model.digest, shape: [2, 8], data });
  return [
    ...job.images.map(({ sha256 }) => ({
      type: "application/vnd.cosal.logits",
      filename: sha256,
      body: record,
    })),
    { type: "application/vnd.cosal.consensus", body: consensus },
    { type: "application/json", body: JSON.stringify(resultOf(job)) },
  ];
}

export function resultOf(job: ComputeJob) {
  return {
    id: job.group,
    model: job.model,
    backend: "native",
    cache: "miss",
    common: 0.75,
    consensus: { url: `/v1/groups/${job.group}/consensus` },
    images: job.images.map(({ sha256 }) => ({
      id: sha256,
      sha256,
      width: 8,
      height: 6,
      coverage: 1,
      box: [0, 0, 8, 6],
      presence: 0.75,
      confidence: 0.625,
      mask: { url: `/v1/groups/${job.group}/masks/${sha256}.png`, type: "image/png" },
    })),
    skipped: [],
    notices: [],
  };
}

export function multipart(parts: readonly AnswerPart[]): Bytes {
  const text = new TextEncoder();
  const chunks = parts.flatMap(({ type, filename, body }) => [
    text.encode(`--${BOUNDARY}\r\ncontent-type: ${type}\r\n`),
    text.encode(filename ? `content-disposition: attachment; filename="${filename}"\r\n` : ""),
    text.encode("\r\n"),
    typeof body === "string" ? text.encode(body) : body,
    text.encode("\r\n"),
  ]);
  chunks.push(text.encode(`--${BOUNDARY}--\r\n`));
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
