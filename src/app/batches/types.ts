import type { Detail } from "../../engine/index.ts";
import type { ErrorCode, LimitReference } from "../../errors.ts";
import type { ImageResult } from "../../group/index.ts";
import type { BackendChoice } from "../compute/types.ts";

/** Files that are linked to for each photograph. */
export type BatchFormat =
  | "png"
  | "webp"
  | "binary"
  | "rle"
  | "polygons"
  | "svg"
  | "logits"
  | "cutout"
  | "overlay";

/** What is to be done with the photographs of a manifest: a plain value, fit for JSON. */
export interface BatchRequest {
  readonly tenant: string;
  readonly model: { readonly name: string; readonly digest: string };
  /** The group whose consensus masks all photographs. Without one, each group has its own. */
  readonly consensusOf?: string;
  readonly backend: BackendChoice;
  readonly detail: Detail;
  readonly formats: readonly BatchFormat[];
  /** `source`, `model` or `WIDTHxHEIGHT`. */
  readonly size: string;
  readonly threshold: number;
  /** Prefix in the tenant's bucket below which files are written; otherwise they stay in the store. */
  readonly destination?: string;
  /** Work units that are computed at the same time. */
  readonly parallelism: number;
  /** The request's id and `traceparent`, for logs. */
  readonly request: string;
  readonly traceparent?: string;
}

/** A line of a manifest: one photograph, which is stored or lies in the tenant's bucket. */
export interface BatchLine {
  /** From 1. */
  readonly line: number;
  readonly id: string;
  readonly sha256?: string;
  readonly key?: string;
  /** What the caller calls the group; "" with a consensus for all. */
  readonly group: string;
}

/** Where a tenant has photographs, and may have masks written. Throws CosalError store_*. */
export interface BatchBucket {
  /** Keys below a prefix, folder by folder: those of one folder follow each other. */
  list(prefix: string): AsyncIterable<string>;
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(key: string, bytes: Uint8Array<ArrayBuffer>, type: string): Promise<void>;
  /** An object of any length, as its bytes arrive; undefined where there is none. */
  read(key: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Writes an object of any length: it is there once all of it is, and before that not at all. */
  write(key: string, blocks: AsyncIterable<Uint8Array>, type: string): Promise<void>;
}

/** Why a photograph has no mask. */
export interface LineProblem {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly limit?: LimitReference;
}

/** What became of a line. A line has one result at a time, and gets another only by a retry. */
export type LineResult = BatchLine &
  (
    | {
        /** The group, by its identity, that the mask is stored with. */
        readonly result: string;
        readonly image: ImageResult;
        /** Of the files in the bucket, by format. */
        readonly keys?: Readonly<Record<string, string>>;
      }
    | { readonly problem: LineProblem }
  );

/**
 * `completed`: every line has a result, which may be that it failed. A batch that is `paused` can go
 * on, one that was `cancelled` cannot.
 */
export type BatchStatus = "running" | "paused" | "completed" | "cancelled";

/** What a batch's journal says, one after the other: folding it gives the batch's state. */
export type BatchRecord =
  /** How often a work unit, named by its first line, has been begun: it may be what ends the process. */
  | { readonly unit: number; readonly attempts: number }
  | { readonly result: LineResult }
  /** Of the machine, for one work unit. */
  | { readonly milliseconds: number }
  /** RFC 3339 time. */
  | { readonly status: BatchStatus; readonly at: string }
  /** Lines that failed have no result any more. */
  | { readonly retried: string };

/** The first record, which never changes. */
export interface BatchHeader {
  readonly id: string;
  readonly request: BatchRequest;
  /** Names request and manifest: an idempotency key is for one batch only. */
  readonly fingerprint: string;
  /** Lines. */
  readonly total: number;
  /** RFC 3339 time. */
  readonly created: string;
}

/** A batch as its owner sees it. */
export interface Batch {
  readonly header: BatchHeader;
  readonly status: BatchStatus;
  /** RFC 3339 time of the last result or change. */
  readonly updated: string;
  readonly succeeded: number;
  readonly failed: number;
  /** Lines of work units that are being computed. */
  readonly running: number;
  /** Failed lines by code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Photographs a second, of late; 0 where none were done. */
  readonly rate: number;
  /** RFC 3339 time, while there is a rate. */
  readonly estimatedEnd?: string;
  /** Of a machine that had nothing else to do: units that shared it have equal parts. */
  readonly milliseconds: number;
  /** Why nothing is being computed at the moment: it goes on by itself. */
  readonly waiting?: LineProblem;
}

/** What a deployment takes in one batch. */
export interface BatchLimits {
  /** Lines of a manifest. */
  readonly lines: number;
  /** Bytes of a manifest. */
  readonly bytes: number;
  /** Lines of one group. */
  readonly groupLines: number;
  /** Work units of a batch that may be computed at the same time. */
  readonly parallelism: number;
}

/** What an hour of the machine that computes costs. */
export interface HourPrice {
  readonly amount: number;
  /** ISO 4217, e.g. `EUR`. */
  readonly currency: string;
}

export interface BatchSubmission {
  readonly request: BatchRequest;
  /** Read as it arrives; what it throws is thrown by `submit`, and nothing is kept. */
  readonly lines: AsyncIterable<BatchLine>;
  readonly idempotencyKey?: string;
}

export type BatchEvent =
  | { readonly event: "batch"; readonly data: Batch }
  /** `number` is where the event stands: those after it can be asked for. */
  | { readonly event: "result"; readonly data: LineResult; readonly number: number };

export type BatchAction = "pause" | "resume" | "cancel" | "retry";

/**
 * Manifests of any length, computed while nobody waits, below requests and jobs. Batches belong to a
 * tenant; another's is not found, which is `undefined` here.
 */
export interface Batches {
  readonly limits: BatchLimits;
  readonly price?: HourPrice | undefined;
  /**
   * On its way once this resolves, whatever becomes of the process.
   *
   * @throws CosalError idempotency_mismatch, store_full, store_unavailable
   */
  submit(submission: BatchSubmission): Promise<Batch>;
  get(tenant: string, id: string): Promise<Batch | undefined>;
  /** An action that its status does not allow leaves the batch as it is. */
  act(tenant: string, id: string, action: BatchAction): Promise<Batch | undefined>;
  /** Cancels a batch that has not ended, and forgets it with its results. False: there is none. */
  remove(tenant: string, id: string): Promise<boolean>;
  /**
   * The batch now, its results after a place, the batch whenever it changes (once a second at most),
   * until it has ended.
   *
   * @throws CosalError option_invalid where there is no such place
   */
  events(
    tenant: string,
    id: string,
    after: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<BatchEvent> | undefined>;
  /** The results that there are, in the manifest's order or as they were done. */
  results(
    tenant: string,
    id: string,
    order: "manifest" | "done",
  ): Promise<AsyncIterable<LineResult> | undefined>;
}

export interface UnitContext {
  readonly signal: AbortSignal;
  /** Whether a line has no result yet. */
  readonly isPending: (line: BatchLine) => boolean;
}

/**
 * Computes a work unit. Results of pending lines come as they are done; for the same unit again they
 * are the same.
 *
 * @throws CosalError (while iterated) where the service is at fault, and another attempt may succeed
 */
export type RunUnit = (
  request: BatchRequest,
  lines: readonly BatchLine[],
  context: UnitContext,
) => AsyncIterable<LineResult>;

/** Writes all results of a batch to its destination. @throws CosalError store_* */
export type DeliverResults = (
  header: BatchHeader,
  results: AsyncIterable<LineResult>,
) => Promise<void>;

/** A record and where it lies in its journal: `start` to read it again, `end` to read on. */
export interface PlacedRecord {
  readonly record: BatchRecord;
  readonly start: number;
  readonly end: number;
}

/** Where batches are kept: a manifest and a journal for each. Throws CosalError store_*. */
export interface BatchStorage {
  /** Bytes that all batches together may take. */
  readonly bytes: number;
  /** Those that are there, with what has become of them. */
  list(): AsyncIterable<{
    readonly header: BatchHeader;
    readonly records: AsyncIterable<PlacedRecord>;
  }>;
  /** Keeps a manifest; what `lines` throws is thrown, and nothing is kept. */
  writeManifest(id: string, lines: AsyncIterable<BatchLine>): Promise<void>;
  readManifest(id: string): AsyncIterable<BatchLine>;
  /** Makes a batch of a manifest: it is there for good once this resolves. */
  create(header: BatchHeader): Promise<void>;
  /** All of them or none. */
  append(id: string, records: readonly BatchRecord[]): Promise<readonly PlacedRecord[]>;
  /** What was appended survives the machine's end from now on. */
  sync(id: string): Promise<void>;
  /** Whether a record ends here. */
  isEnd(id: string, place: number): Promise<boolean>;
  /** Records after a place, as far as there are any now. */
  records(id: string, after: number): AsyncIterable<PlacedRecord>;
  /** Records by where they start. */
  read(id: string, starts: Iterable<number>): AsyncIterable<BatchRecord>;
  /** Bytes of a batch. */
  sizeOf(id: string): number;
  remove(id: string): Promise<void>;
  /** Where several servers compute the same batches. */
  readonly shared?: SharedBatches;
}

/** What servers need that write to the same journals. */
export interface SharedBatches {
  /** Takes a work unit, named by its first line, for this server. Undefined: another one has it. */
  claim(id: string, unit: number): Promise<{ release(): Promise<void> } | undefined>;
  /** Says how many photographs of running batches have no result yet: more servers may be started. */
  announce(pending: number): Promise<void>;
  /**
   * @param listener called with the id of each batch that was changed, here or elsewhere, and without
   * one when some may have been
   * @returns what ends it
   */
  listen(listener: (id?: string) => void): () => void;
}
