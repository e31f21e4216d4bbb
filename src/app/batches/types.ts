import type { Detail } from "../../engine/index.ts";
import type { ErrorCode, LimitReference } from "../../errors.ts";
import type { ImageResult } from "../../group/index.ts";
import type { BackgroundRequest } from "../compute/types.ts";

/** Formats of the files of each photograph. */
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

/** Options of a batch. Without `consensusOf`, each group has its own consensus. */
export interface BatchRequest extends BackgroundRequest {
  readonly detail: Detail;
  readonly formats: readonly BatchFormat[];
  /** `source`, `model` or `WIDTHxHEIGHT`. */
  readonly size: string;
  readonly threshold: number;
  /** Prefix in the tenant's bucket for the files. Without one, files stay in the store. */
  readonly destination?: string;
  /** Maximum number of work units that run at the same time. */
  readonly parallelism: number;
}

/** A line of a manifest: a photograph in the store or in the tenant's bucket. */
export interface BatchLine {
  /** From 1. */
  readonly line: number;
  readonly id: string;
  readonly sha256?: string;
  readonly key?: string;
  /** The caller's name of the group; "" with a consensus for all. */
  readonly group: string;
}

/** A tenant's bucket with photographs, for masks too. Throws CosalError store_*. */
export interface BatchBucket {
  /** Keys below a prefix. Those of one folder are adjacent. */
  list(prefix: string): AsyncIterable<string>;
  get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  put(key: string, bytes: Uint8Array<ArrayBuffer>, type: string): Promise<void>;
  /** Reads an object of any length as a stream. Undefined if it does not exist. */
  read(key: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Writes an object of any length. It appears when it is complete. */
  write(key: string, blocks: AsyncIterable<Uint8Array>, type: string): Promise<void>;
}

/** Why a photograph has no mask. */
export interface LineProblem {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly limit?: LimitReference;
}

/** The result of a line. Each line has one result. Only a retry replaces it. */
export type LineResult = BatchLine &
  (
    | {
        /** Id of the group that the mask is stored with. */
        readonly result: string;
        readonly image: ImageResult;
        /** Keys of the files in the bucket, by format. */
        readonly keys?: Readonly<Record<string, string>>;
      }
    | { readonly problem: LineProblem }
  );

/**
 * `completed`: every line has a result, which may be a failure. A `paused` batch can be resumed, a
 * `cancelled` one cannot.
 */
export type BatchStatus = "running" | "paused" | "completed" | "cancelled";

/** A record of a batch's journal. The records together give the batch's state. */
export type BatchRecord =
  /** Starts of a work unit, named by its first line. It may be what crashes the process. */
  | { readonly unit: number; readonly attempts: number }
  | { readonly result: LineResult }
  /** Machine time of one work unit in milliseconds. */
  | { readonly milliseconds: number }
  /** RFC 3339 time. */
  | { readonly status: BatchStatus; readonly at: string }
  /** Failed lines become pending again. */
  | { readonly retried: string };

/** The first record, which never changes. */
export interface BatchHeader {
  readonly id: string;
  readonly request: BatchRequest;
  /** Hash of request and manifest, since an idempotency key is for one batch only. */
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
  /** Lines of running work units. */
  readonly running: number;
  /** Failed lines by code. */
  readonly failures: Readonly<Record<string, number>>;
  /** Recent photographs per second, or 0. */
  readonly rate: number;
  /** RFC 3339 time, while there is a rate. */
  readonly estimatedEnd?: string;
  /** Machine time in milliseconds. Units that run at the same time have equal parts of it. */
  readonly milliseconds: number;
  /** Why nothing can be computed now. The batch continues by itself. */
  readonly waiting?: LineProblem;
}

/** Limits of a batch. */
export interface BatchLimits {
  /** Maximum lines of a manifest. */
  readonly lines: number;
  /** Maximum lines that name photographs by SHA-256. All by default. */
  readonly storedLines?: number;
  /** Maximum bytes of a manifest. */
  readonly bytes: number;
  /** Maximum lines of a group. */
  readonly groupLines: number;
  /** Maximum work units of a batch that run at the same time. */
  readonly parallelism: number;
}

/** Price of an hour of the machine. */
export interface HourPrice {
  readonly amount: number;
  /** ISO 4217, e.g. `EUR`. */
  readonly currency: string;
}

export interface BatchSubmission {
  readonly request: BatchRequest;
  /** Read as a stream. `submit` throws its errors, and keeps nothing then. */
  readonly lines: AsyncIterable<BatchLine>;
  readonly idempotencyKey?: string;
}

export type BatchEvent =
  | { readonly event: "batch"; readonly data: Batch }
  /** `number` is the event's position. Later events can be requested by it. */
  | { readonly event: "result"; readonly data: LineResult; readonly number: number };

export type BatchAction = "pause" | "resume" | "cancel" | "retry";

/**
 * Computes manifests of any length at a lower priority than requests and jobs. A batch belongs to a
 * tenant. For other tenants it is `undefined`.
 */
export interface Batches {
  readonly limits: BatchLimits;
  readonly price?: HourPrice | undefined;
  /**
   * Resolves when the batch is stored. From then on it survives a crash of the process.
   *
   * @throws CosalError idempotency_mismatch, store_full, store_unavailable
   */
  submit(submission: BatchSubmission): Promise<Batch>;
  get(tenant: string, id: string): Promise<Batch | undefined>;
  /** An action that the status does not allow changes nothing. */
  act(tenant: string, id: string, action: BatchAction): Promise<Batch | undefined>;
  /** Removes a batch with its results. A batch that has not ended is cancelled first. @returns whether it existed */
  remove(tenant: string, id: string): Promise<boolean>;
  /**
   * Gives the batch, its results after a position, and the batch again when it changes (at most once a
   * second), until it has ended.
   *
   * @throws CosalError option_invalid if there is no such position
   */
  events(
    tenant: string,
    id: string,
    after: number,
    signal: AbortSignal,
  ): Promise<AsyncIterable<BatchEvent> | undefined>;
  /** The results so far, in the order of the manifest or of their completion. */
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
 * Computes a work unit and gives each result of a pending line when it is done. The same unit always has
 * the same results.
 *
 * @throws CosalError (while iterated) for faults of the service, after which a retry may succeed
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

/** A record and its position in the journal: `start` to read it again, `end` to continue. */
export interface PlacedRecord {
  readonly record: BatchRecord;
  readonly start: number;
  readonly end: number;
}

/** Storage of batches: a manifest and a journal for each. Throws CosalError store_*. */
export interface BatchStorage {
  /** Maximum bytes of all batches together. */
  readonly bytes: number;
  /** All stored batches with their progress. */
  list(): AsyncIterable<{
    readonly header: BatchHeader;
    readonly records: AsyncIterable<PlacedRecord>;
  }>;
  /** Stores a manifest. Errors of `lines` are thrown, and nothing is kept then. */
  writeManifest(id: string, lines: AsyncIterable<BatchLine>): Promise<void>;
  readManifest(id: string): AsyncIterable<BatchLine>;
  /** Creates a batch from a manifest. It is stored durably when this resolves. */
  create(header: BatchHeader): Promise<void>;
  /** Appends all records or none. */
  append(id: string, records: readonly BatchRecord[]): Promise<readonly PlacedRecord[]>;
  /** Resolves when the appended records survive a power failure. */
  sync(id: string): Promise<void>;
  /** Whether a record ends at this position. */
  isEnd(id: string, place: number): Promise<boolean>;
  /** The existing records after a position. */
  records(id: string, after: number): AsyncIterable<PlacedRecord>;
  /** Records by their start positions. */
  read(id: string, starts: Iterable<number>): AsyncIterable<BatchRecord>;
  /** Bytes of a batch. */
  sizeOf(id: string): number;
  remove(id: string): Promise<void>;
  /** Defined if several servers share the storage. */
  readonly shared?: SharedBatches;
}

/** Coordination of servers that write to the same journals. */
export interface SharedBatches {
  /** Obtains a work unit, named by its first line, for this server. Undefined if another server has it. */
  claim(id: string, unit: number): Promise<{ release(): Promise<void> } | undefined>;
  /** Announces how many photographs of running batches are pending, so that servers can be scaled. */
  announce(pending: number): Promise<void>;
  /**
   * @param listener called with the id of each batch that was changed, here or elsewhere, and without
   * one when some may have been
   * @returns what ends it
   */
  listen(listener: (id?: string) => void): () => void;
}
