import {
  type Batch,
  type BatchAction,
  type BatchEvent,
  type Batches,
  type BatchHeader,
  type BatchLine,
  batchId,
  fingerprinted,
  fingerprintOf,
  type LineResult,
  workUnits,
} from "../../app/index.ts";
import { CosalError } from "../../errors.ts";
import { storeUnavailable } from "../../group/index.ts";
import type { EventPage } from "./batch-object.ts";
import type { NumberedResult } from "./batch-tables.ts";
import { BATCH_LIMITS } from "./limits.ts";

/** The methods of a `BatchObject` that the API calls. */
export interface BatchStub {
  begin(upload: string): Promise<boolean>;
  write(upload: string, units: readonly (readonly BatchLine[])[]): Promise<boolean>;
  abandon(upload: string): Promise<void>;
  create(upload: string, header: BatchHeader): Promise<Batch | undefined>;
  get(): Promise<Batch | undefined>;
  act(action: BatchAction): Promise<Batch | undefined>;
  remove(): Promise<boolean>;
  results(
    order: "manifest" | "done",
    after: number,
  ): Promise<readonly NumberedResult[] | undefined>;
  events(after: number, version: string): Promise<EventPage | undefined>;
}

/** Lines of a manifest per call. A line has 2,000 characters at most, and a call may have 32 MiB. */
const LINES_PER_CALL = 1000;

/** Minimum interval of the states that a follower gets, in milliseconds. */
const EVENT_INTERVAL = 1_000;

/**
 * Batches in Durable Objects, one object for each batch. An object's name includes its tenant, so no
 * other tenant finds it.
 *
 * @param stubOf returns the object with a name
 */
export function edgeBatches(stubOf: (name: string) => BatchStub): Batches {
  const find = (tenant: string, id: string) => stubOf(batchName(tenant, id));
  return {
    limits: BATCH_LIMITS,
    async submit({ request, lines, idempotencyKey }) {
      const id = await batchId(request.tenant, idempotencyKey);
      const stub = find(request.tenant, id);
      const upload = crypto.randomUUID();
      const isNew = await stub.begin(upload);
      const read = fingerprinted(lines);
      try {
        if (!isNew) for await (const _ of read.lines);
        else await send(stub, upload, workUnits(read.lines, request.consensusOf));
        const { digest, total } = read.result();
        const fingerprint = await fingerprintOf(request, digest);
        const header = { id, request, fingerprint, total, created: new Date().toISOString() };
        const batch = isNew ? await stub.create(upload, header) : await stub.get();
        if (batch === undefined) throw lost();
        if (batch.header.fingerprint === fingerprint) return batch;
      } catch (error) {
        if (isNew) await stub.abandon(upload);
        throw error;
      }
      const message = "This Idempotency-Key was used for another batch.";
      throw new CosalError("idempotency_mismatch", message);
    },
    get: (tenant, id) => find(tenant, id).get(),
    act: (tenant, id, action) => find(tenant, id).act(action),
    remove: (tenant, id) => find(tenant, id).remove(),
    async events(tenant, id, after, signal) {
      const stub = find(tenant, id);
      const first = await stub.events(after, "");
      if (first === undefined) return undefined;
      if (after <= first.last) return follow(stub, first, after, signal);
      const message = "Expected Last-Event-ID to be the number of an event.";
      throw new CosalError("option_invalid", message);
    },
    async results(tenant, id, order) {
      const stub = find(tenant, id);
      return (await stub.get()) && resultsOf(stub, order);
    },
  };
}

export function batchName(tenant: string, id: string): string {
  return JSON.stringify([tenant, id]);
}

/** All results that there are. */
export async function* resultsOf(
  stub: Pick<BatchStub, "results">,
  order: "manifest" | "done",
): AsyncGenerator<LineResult> {
  for (let after = 0; ; ) {
    const page = await stub.results(order, after);
    if (page === undefined || page.length === 0) return;
    for (const { number, result } of page) {
      yield result;
      after = order === "done" ? number : result.line;
    }
  }
}

/** Sends a manifest, several units at a time. */
async function send(
  stub: BatchStub,
  upload: string,
  units: AsyncIterable<readonly BatchLine[]>,
): Promise<void> {
  let several: (readonly BatchLine[])[] = [];
  let lines = 0;
  const write = async () => {
    if (!(await stub.write(upload, several))) throw lost();
    several = [];
    lines = 0;
  };
  for await (const unit of units) {
    several.push(unit);
    lines += unit.length;
    if (lines >= LINES_PER_CALL) await write();
  }
  await write();
}

async function* follow(
  stub: BatchStub,
  first: EventPage,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<BatchEvent> {
  let page: EventPage | undefined = first;
  let last = after;
  if (!hasEnded(page.batch)) yield { event: "batch", data: page.batch };
  while (page !== undefined && !signal.aborted) {
    for (const { number, result } of page.results) {
      yield { event: "result", data: result, number };
      last = number;
    }
    if (!page.hasMore) {
      yield { event: "batch", data: page.batch };
      if (hasEnded(page.batch)) return;
      await new Promise((resolve) => setTimeout(resolve, EVENT_INTERVAL));
    }
    page = await stub.events(last, page.hasMore ? "" : page.version);
  }
}

function hasEnded({ status }: Batch): boolean {
  return status === "completed" || status === "cancelled";
}

function lost(): CosalError {
  return storeUnavailable(new Error("the upload of the manifest was abandoned"));
}
