import type * as api from "./api.ts";
import { attemptsOf, type Connection, storeConsensus } from "./connection.ts";
import { CosalError } from "./errors.ts";
import { parseEvents } from "./events.ts";
import { failure } from "./http.ts";
import { Mask } from "./mask.ts";
import type { CallOptions, ComputeOptions } from "./options.ts";
import { parallel } from "./parallel.ts";
import { hashed, named, type Source } from "./photographs.ts";
import { type Attempts, Backoff } from "./retry.ts";

/** Photographs that are hashed and uploaded at the same time. */
const UPLOADS = 4;

/** A photograph of a batch. Those of one group follow each other. */
export interface BatchPhotograph {
  readonly id: string;
  readonly file: Source;
  /** What its group is called; none with `consensus`. */
  readonly group?: string;
}

/** Photographs that lie in the service's bucket. */
export type BatchSource =
  /** Those below a prefix, which is "" or ends with "/": each folder is a group. */
  | { readonly source: string }
  /** Those that a manifest in the bucket names, by its key. */
  | { readonly manifest: string };

export interface BatchOptions extends ComputeOptions {
  /** What masks all photographs: a group of the service, or a consensus file's bytes. */
  readonly consensus?: string | Uint8Array<ArrayBuffer>;
  readonly model?: string;
  /** Groups that are computed at the same time. */
  readonly parallelism?: number;
  /** Prefix of the service's bucket below which it writes files of these formats. */
  readonly destination?: string;
  readonly formats?: readonly string[];
  /** A file that the service does not take is no part of the batch. Thrown, unless this is given. */
  readonly onRefused?: (id: string, error: CosalError) => void;
}

/** What became of one photograph. */
export type BatchResult = {
  readonly line: number;
  readonly id: string;
  readonly group?: string;
} & (
  | {
      readonly mask: Mask;
      /** What its group has in common. */
      readonly consensus: () => Promise<Uint8Array<ArrayBuffer>>;
    }
  | { readonly code: string; readonly detail: string }
);

/** Uploads what the service does not have, and begins a batch. */
export async function createBatch(
  connection: Connection,
  photographs: Iterable<BatchPhotograph> | BatchSource,
  options: BatchOptions,
): Promise<Batch> {
  const { http } = connection;
  const attempts = attemptsOf(options);
  const limits = await connection.limits(attempts);
  if (limits.batches === undefined) {
    throw new CosalError("not_found", "The service takes no batches.");
  }
  const query = new URLSearchParams();
  const { consensus, formats = [] } = options;
  if (typeof consensus === "string") query.set("consensus", consensus);
  else if (consensus) query.set("consensus", await storeConsensus(connection, consensus, attempts));
  for (const name of ["model", "backend", "detail", "parallelism", "destination"] as const) {
    if (options[name] !== undefined) query.set(name, String(options[name]));
  }
  if (formats.length > 0) query.set("formats", formats.join(","));
  let manifest: Blob | undefined;
  if ("source" in photographs) query.set("source", photographs.source);
  else if ("manifest" in photographs) query.set("manifest", photographs.manifest);
  else manifest = await uploaded(connection, photographs, limits, options);
  const request = {
    method: "POST",
    headers: {
      "idempotency-key": crypto.randomUUID(),
      ...(manifest && { "content-type": "application/jsonl" }),
    },
    ...(manifest && { body: manifest }),
  };
  const response = await http.send(`/v1/batches?${query}`, request, attempts);
  return new Batch(connection, ((await response.json()) as api.Batch).id);
}

/** Hashes photographs, and uploads what the service does not have. @returns the manifest */
async function uploaded(
  { http }: Connection,
  photographs: Iterable<BatchPhotograph>,
  limits: api.Limits,
  options: BatchOptions,
): Promise<Blob> {
  const attempts = attemptsOf(options);
  const all = [...photographs];
  const lines: string[] = Array(all.length).fill("");
  let done = 0;
  await parallel(all.entries(), UPLOADS, async ([place, { id, file, group }]) => {
    try {
      const [source] = named([{ id, file }]);
      if (source === undefined) return;
      const { sha256, read } = await hashed(source, limits);
      const path = `/v1/images/${sha256}`;
      if (!(await http.retried(() => http.has(path, attempts), attempts))) {
        await http.send(path, { method: "PUT", body: await read() }, attempts);
      }
      lines[place] = `${JSON.stringify({ id, sha256, ...(group !== undefined && { group }) })}\n`;
    } catch (error) {
      const isRefused = error instanceof CosalError && error.code.startsWith("image_");
      if (!isRefused || options.onRefused === undefined) throw error;
      options.onRefused(id, error);
    }
    options.onProgress?.({ stage: "uploaded", done: ++done, total: all.length });
  });
  return new Blob(lines);
}

/** A batch at the service. */
export class Batch {
  readonly id: string;
  readonly #connection: Connection;
  readonly #path: string;

  constructor(connection: Connection, id: string) {
    this.id = id;
    this.#connection = connection;
    this.#path = `/v1/batches/${encodeURIComponent(id)}`;
  }

  async state(options: CallOptions = {}): Promise<api.Batch> {
    return (await this.#connection.http.json(this.#path, attemptsOf(options))) as api.Batch;
  }

  /** @returns the state after it */
  async act(
    action: "pause" | "resume" | "cancel" | "retry",
    options: CallOptions = {},
  ): Promise<api.Batch> {
    const { http } = this.#connection;
    const path = `${this.#path}/${action}`;
    const response = await http.send(path, { method: "POST" }, attemptsOf(options));
    return (await response.json()) as api.Batch;
  }

  /** Deletes it with its manifest and its results; if it has not ended, it is cancelled. */
  async delete(options: CallOptions = {}): Promise<void> {
    await this.#connection.http.send(this.#path, { method: "DELETE" }, attemptsOf(options));
  }

  /** The batch's state whenever it changes, until it has ended; goes on after a break. */
  async *states(options: CallOptions = {}): AsyncGenerator<api.Batch, void> {
    const attempts = attemptsOf(options);
    const backoff = new Backoff(attempts);
    let last = "0";
    for (;;) {
      try {
        for await (const { event, data, id } of this.#events(last, attempts)) {
          backoff.succeeded();
          last = id ?? last;
          if (event !== "batch") continue;
          const batch = data as api.Batch;
          yield batch;
          if (batch.status === "completed" || batch.status === "cancelled") return;
        }
        throw new CosalError("network", "The batch's events broke off.");
      } catch (error) {
        await backoff.failed(error);
      }
    }
  }

  /** What became of each photograph so far, in the order of the manifest. */
  async *results(options: CallOptions = {}): AsyncGenerator<BatchResult, void> {
    const attempts = attemptsOf(options);
    const response = await this.#connection.http.send(`${this.#path}/results`, {}, attempts);
    for await (const line of linesOf(response, attempts)) {
      yield this.#result(JSON.parse(line) as api.BatchResult);
    }
  }

  #result(result: api.BatchResult): BatchResult {
    const { line, id, group, sha256, result: path } = result;
    const named = { line, id, ...(group !== undefined && { group }) };
    if (path === undefined) {
      return { ...named, code: result.code ?? "unexpected", detail: result.detail ?? "" };
    }
    const { http } = this.#connection;
    const url = `${path}/masks/${sha256}.png`;
    const image = { ...result, mask: { url, type: "image/png" } } as unknown as api.Image;
    return {
      ...named,
      mask: new Mask(image, http, () => attemptsOf()),
      consensus: () => http.bytes(`${path}/consensus`, attemptsOf()),
    };
  }

  async *#events(last: string, attempts: Attempts) {
    const headers = { "last-event-id": last };
    const response = await this.#connection.http.once(
      `${this.#path}/events`,
      { headers },
      attempts,
    );
    if (response.body === null) return;
    try {
      yield* parseEvents(response.body);
    } catch (error) {
      throw failure(error, attempts);
    }
  }
}

async function* linesOf(response: Response, attempts: Attempts): AsyncGenerator<string> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error) => {
        throw failure(error, attempts);
      });
      if (done) return;
      const lines = (text + decoder.decode(value, { stream: true })).split("\n");
      text = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
