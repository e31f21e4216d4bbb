import type { Group, Image, Job, Options, Problem } from "./api.ts";
import { CosalError, problemError } from "./errors.ts";
import { parseEvents, type ServerEvent } from "./events.ts";
import { failure, type Http } from "./http.ts";
import { parallel } from "./parallel.ts";
import type { Hashed } from "./photographs.ts";
import type { OnProgress } from "./progress.ts";
import { type Attempts, Backoff } from "./retry.ts";

/** Uploads under way at once. */
const UPLOADS = 4;

export interface Request {
  /** `/v1/groups`, or `/v1/groups/{group}/images`. */
  readonly path: string;
  /** At most as many as the service takes in one group. */
  readonly photographs: readonly Hashed[];
  readonly options: Options;
}

/** What a computation tells: a mask can be fetched, or all can. */
export type Step =
  | { readonly type: "image"; readonly image: Image }
  | { readonly type: "group"; readonly group: Group };

/**
 * One group from photographs to masks: names them by hash, uploads what the service lacks, follows
 * its events or its job, and goes on where a connection broke.
 */
export class Computation {
  readonly #http: Http;
  readonly #request: Request;
  readonly #attempts: Attempts;
  readonly #onProgress: OnProgress;
  readonly #uploaded = new Set<string>();
  #missing = 0;
  #lastEvent: string | undefined;
  /** Of the next job: where its 202 was lost, the request is sent again and gives the same one. */
  #jobKey = crypto.randomUUID();

  constructor(http: Http, request: Request, attempts: Attempts, onProgress: OnProgress) {
    this.#http = http;
    this.#request = request;
    this.#attempts = attempts;
    this.#onProgress = onProgress;
  }

  /** Images in the order they become ready, each once; the group last. */
  async *steps(): AsyncGenerator<Step, void> {
    const backoff = new Backoff(this.#attempts);
    const seen = new Set<string>();
    for (;;) {
      try {
        for await (const step of this.#attempt()) {
          backoff.succeeded();
          if (step.type === "image") {
            const { id, sha256 } = step.image;
            const key = `${sha256} ${id}`;
            if (seen.has(key)) continue;
            seen.add(key);
            this.#onProgress({ stage: "masked", done: seen.size, total: this.#total });
          }
          yield step;
          if (step.type === "group") return;
        }
        throw new CosalError("network", "The answer broke off.");
      } catch (error) {
        const missing = missingOf(error);
        if (missing.length > 0) await this.#upload(missing, error);
        else await backoff.failed(error);
      }
    }
  }

  get #total(): number {
    return this.#request.photographs.length;
  }

  async *#attempt(): AsyncGenerator<Step> {
    const { path, photographs, options } = this.#request;
    const images = photographs.map(({ id, sha256 }) => ({ id, sha256 }));
    const headers: Record<string, string> = {
      accept: "text/event-stream",
      "content-type": "application/json",
      "idempotency-key": this.#jobKey,
    };
    if (this.#lastEvent !== undefined) headers["last-event-id"] = this.#lastEvent;
    const body = JSON.stringify({ images, options });
    const response = await this.#http.once(path, { method: "POST", headers, body }, this.#attempts);
    if (response.status === 202) {
      const job = await response.json().catch((error) => {
        throw failure(error, this.#attempts);
      });
      // Known from now on. Should it fail, another attempt is another job.
      this.#jobKey = crypto.randomUUID();
      yield* this.#eventsOf(job as Job);
    } else {
      for await (const event of this.#events(response)) {
        this.#lastEvent = event.id ?? this.#lastEvent;
        yield* this.#step(event);
      }
    }
  }

  /** A job's events, numbered: after a break those that were missed. */
  async *#eventsOf({ links }: Job): AsyncGenerator<Step> {
    const backoff = new Backoff(this.#attempts);
    let last = "0";
    for (;;) {
      try {
        const headers = { "last-event-id": last };
        const response = await this.#http.once(links.events, { headers }, this.#attempts);
        for await (const event of this.#events(response)) {
          backoff.succeeded();
          last = event.id ?? last;
          yield* this.#step(event);
          if (event.event === "result") return;
        }
        throw new CosalError("network", "The job's events broke off.");
      } catch (error) {
        if (missingOf(error).length > 0) throw error;
        await backoff.failed(error);
      }
    }
  }

  async *#events(response: Response): AsyncGenerator<ServerEvent> {
    if (response.body === null) return;
    try {
      yield* parseEvents(response.body);
    } catch (error) {
      throw failure(error, this.#attempts);
    }
  }

  *#step({ event, data }: ServerEvent): Generator<Step> {
    if (event === "image") yield { type: "image", image: data as Image };
    else if (event === "result") yield { type: "group", group: data as Group };
    else if (event === "error") throw problemError(data as Problem);
    else if (event === "progress") {
      const { stage, done, total } = data as { stage: string; done: number; total: number };
      if (stage === "encoded") this.#onProgress({ stage, done, total });
    }
  }

  /** @throws the service's own error when it lacks what has arrived there, or what was never named */
  async #upload(missing: readonly string[], error: unknown): Promise<void> {
    const files = this.#request.photographs.filter(({ sha256 }) => missing.includes(sha256));
    const distinct = new Map(files.map((file) => [file.sha256, file]));
    if (distinct.size === 0 || missing.every((sha256) => this.#uploaded.has(sha256))) throw error;
    this.#missing = this.#uploaded.size + distinct.size;
    await parallel(distinct.values(), UPLOADS, async (photograph) => {
      await this.#put(photograph);
      this.#uploaded.add(photograph.sha256);
      this.#onProgress({ stage: "uploaded", done: this.#uploaded.size, total: this.#missing });
    });
  }

  /** Where an attempt failed, the file may have arrived and only the answer been lost. */
  async #put({ sha256, read }: Hashed): Promise<void> {
    const path = `/v1/images/${sha256}`;
    let isFirst = true;
    await this.#http.retried(async () => {
      if (!isFirst && (await this.#http.has(path, this.#attempts))) return;
      isFirst = false;
      await this.#http.once(path, { method: "PUT", body: await read() }, this.#attempts);
    }, this.#attempts);
  }
}

function missingOf(error: unknown): readonly string[] {
  return (error instanceof CosalError && error.problem?.missing) || [];
}
