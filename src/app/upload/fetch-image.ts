import { CosalError } from "../../errors.ts";
import type { UrlPolicy } from "../access/types.ts";
import type { Limits } from "../limits.ts";
import { blocks, collected, limited } from "../multipart/chunks.ts";
import type { ByteSemaphore } from "./byte-semaphore.ts";

/** Redirects that are followed, each to an allowed host. */
const MAX_REDIRECTS = 3;

/** Milliseconds that a photograph may take to arrive. */
const TIMEOUT = 10_000;

export interface FetchedImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Releases the bytes. Call it when they are no longer in memory, or are counted elsewhere. */
  release(): void;
}

/**
 * Fetches a photograph from an allowed host. The request has no cookies and no keys. A Worker cannot
 * pin the IP address of a host, so its owner decides where the name leads. List only hosts that the
 * operator trusts.
 *
 * @param memory for all photographs that are being fetched. Nothing is read before there is room
 * @throws CosalError url_refused, url_failed, image_too_large
 */
export async function fetchImage(
  text: string,
  limits: Pick<Limits, "imageBytes">,
  policy: UrlPolicy | undefined,
  memory: ByteSemaphore,
): Promise<FetchedImage> {
  const timeout = new Timeout();
  try {
    const response = await responseOf(text, policy, timeout.signal);
    const bytes = await sizeOf(response, limits.imageBytes);
    timeout.pause();
    const release = await memory.acquire(bytes);
    timeout.restart();
    try {
      return { bytes: await bytesOf(response, bytes), release };
    } catch (error) {
      release();
      throw error;
    }
  } finally {
    timeout.pause();
  }
}

async function responseOf(
  text: string,
  policy: UrlPolicy | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const get = policy?.fetch ?? fetch;
  let url = allowed(text, policy);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await settled(
      get(url, { redirect: "manual", signal, headers: { accept: "image/*" } }),
    );
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    url = allowed(new URL(location, url).href, policy);
  }
  throw failed(`It was redirected more than ${MAX_REDIRECTS} times.`);
}

/** Aborts its signal after `TIMEOUT`. Time spent waiting for memory does not count. */
class Timeout {
  readonly #controller = new AbortController();
  #timer = this.#start();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  pause(): void {
    clearTimeout(this.#timer);
  }

  restart(): void {
    this.pause();
    this.#timer = this.#start();
  }

  #start(): ReturnType<typeof setTimeout> {
    const late = new DOMException("too late", "TimeoutError");
    return setTimeout(() => this.#controller.abort(late), TIMEOUT);
  }
}

function allowed(text: string, policy: UrlPolicy | undefined): string {
  if (policy === undefined) throw refused("This deployment accepts no photographs by URL.");
  const url = URL.parse(text);
  if (url?.protocol !== "https:") throw refused("Only https URLs are accepted.");
  if (url.username !== "" || url.password !== "" || url.port !== "") {
    throw refused("A URL may have no port and no credentials.");
  }
  if (!policy.hosts.includes(url.hostname)) {
    throw refused(`The host ${url.hostname} is not on this deployment's list.`);
  }
  return url.href;
}

/** The maximum bytes of a response, from its headers. @throws CosalError url_failed, image_too_large */
async function sizeOf(response: Response, limit: number): Promise<number> {
  const { headers, body, ok, status } = response;
  const type = headers.get("content-type") ?? "";
  const announced = headers.get("content-length");
  const error = !ok
    ? failed(`Its host responded with ${status}.`)
    : !/^image\//i.test(type)
      ? failed(`It is ${type || "of no type"}, not an image.`)
      : Number(announced ?? 0) > limit
        ? tooLarge(limit, Number(announced))
        : undefined;
  if (error !== undefined) {
    await body?.cancel();
    throw error;
  }
  // The length of a compressed body says nothing about the decoded size.
  return announced === null || headers.has("content-encoding") ? limit : Number(announced);
}

function bytesOf(response: Response, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks = response.body ?? new ReadableStream<Uint8Array>({ start: (c) => c.close() });
  return settled(collected(limited(blocks(chunks), limit, (actual) => tooLarge(limit, actual))));
}

async function settled<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (cause) {
    if (cause instanceof CosalError) throw cause;
    const isLate = cause instanceof Error && cause.name === "TimeoutError";
    throw failed(
      isLate ? `It took more than ${TIMEOUT} ms.` : "Its host cannot be reached.",
      cause,
    );
  }
}

function refused(reason: string): CosalError {
  return new CosalError("url_refused", reason);
}

function failed(reason: string, cause?: unknown): CosalError {
  return new CosalError("url_failed", reason, { cause });
}

function tooLarge(limit: number, actual: number): CosalError {
  return new CosalError("image_too_large", `It has more than ${limit} bytes.`, {
    limit: { name: "bytes", limit, actual },
  });
}
