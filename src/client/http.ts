import { CosalError, errorOf } from "./errors.ts";
import { type Attempts, Backoff } from "./retry.ts";

export interface HttpOptions {
  /** The service's address, such as `https://cosal.example.com`. */
  readonly url: string | URL;
  /** An API key or a token, where the deployment has keys. */
  readonly key?: string;
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** A request that can be sent again: its body is no stream. */
export interface Sendable {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Blob;
}

/** Requests to one service, with its key. */
export class Http {
  readonly #base: URL;
  readonly #key: string | undefined;
  readonly #fetch: typeof fetch;

  constructor({ url, key, fetch: own }: HttpOptions) {
    this.#base = new URL(url);
    this.#key = key;
    // A method of another object must not be called with this one as its `this`.
    this.#fetch = own ?? ((...request) => fetch(...request));
  }

  /** @param path as the service writes it: from the root of its host */
  address(path: string): string {
    return new URL(path, this.#base).href;
  }

  /**
   * One attempt.
   *
   * @throws CosalError with the service's code, or `network`, `timeout`, `unexpected`
   */
  async once(path: string, request: Sendable, attempts: Attempts): Promise<Response> {
    const headers = { ...request.headers };
    if (this.#key !== undefined) headers.authorization = `Bearer ${this.#key}`;
    const signal = signalOf(attempts);
    let response: Response;
    try {
      response = await this.#fetch(this.address(path), { ...request, headers, signal });
    } catch (error) {
      throw failure(error, attempts);
    }
    if (response.ok) return response;
    throw await errorOf(response).catch((error) => failure(error, attempts));
  }

  /** As many attempts as the deadline allows. */
  async send(path: string, request: Sendable, attempts: Attempts): Promise<Response> {
    return this.retried(() => this.once(path, request, attempts), attempts);
  }

  /** One attempt to learn whether there is something under a path. */
  async has(path: string, attempts: Attempts): Promise<boolean> {
    try {
      await this.once(path, { method: "HEAD" }, attempts);
      return true;
    } catch (error) {
      if (error instanceof CosalError && error.status === 404) return false;
      throw error;
    }
  }

  /** An answer as JSON. One that breaks off is asked for again. */
  async json(path: string, attempts: Attempts): Promise<unknown> {
    const text = new TextDecoder().decode(await this.bytes(path, attempts));
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new CosalError("unexpected", `${this.address(path)} answered no JSON.`, { cause });
    }
  }

  /** The bytes of an answer. One that breaks off is asked for again. */
  async bytes(path: string, attempts: Attempts): Promise<Uint8Array<ArrayBuffer>> {
    return this.retried(async () => {
      const response = await this.once(path, {}, attempts);
      try {
        return new Uint8Array(await response.arrayBuffer());
      } catch (error) {
        throw failure(error, attempts);
      }
    }, attempts);
  }

  /** Attempts until one succeeds, fails for good, or the next would come after the deadline. */
  async retried<T>(attempt: () => Promise<T>, attempts: Attempts): Promise<T> {
    const backoff = new Backoff(attempts);
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        await backoff.failed(error);
      }
    }
  }
}

function signalOf({ deadline, signal }: Attempts): AbortSignal {
  const timeout = AbortSignal.timeout(Math.max(0, deadline - Date.now()));
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

/** What `fetch` or the reading of a body throws: the caller's abort, the timeout, or the network. */
export function failure(error: unknown, { deadline, signal }: Attempts): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof CosalError) return error;
  if (Date.now() >= deadline) return new CosalError("timeout", "No answer in time.");
  const reason = error instanceof Error ? error.message : String(error);
  return new CosalError("network", `The service cannot be reached: ${reason}`, { cause: error });
}
