import { CosalError } from "../../errors.ts";
import type { UrlPolicy } from "../access/types.ts";
import type { Limits } from "../limits.ts";

/** Redirects that are followed, each to an allowed host. */
const MAX_REDIRECTS = 3;

/** Milliseconds that a photograph may take to arrive. */
const TIMEOUT = 10_000;

/**
 * Fetches a photograph from an allowed host. Neither cookies nor keys go with the request. What the
 * name of an allowed host resolves to is for its owner to say: a Worker cannot look it up and hold
 * it, so only hosts that the operator trusts belong on the list.
 *
 * @throws CosalError url_refused, url_failed, image_too_large
 */
export async function fetchImage(
  text: string,
  limits: Pick<Limits, "imageBytes">,
  policy: UrlPolicy | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const signal = AbortSignal.timeout(TIMEOUT);
  const get = policy?.fetch ?? fetch;
  let url = allowed(text, policy);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await settled(
      get(url, { redirect: "manual", signal, headers: { accept: "image/*" } }),
    );
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || location === null) {
      return await bytesOf(response, limits.imageBytes);
    }
    await response.body?.cancel();
    url = allowed(new URL(location, url).href, policy);
  }
  throw failed(`It was redirected more than ${MAX_REDIRECTS} times.`);
}

function allowed(text: string, policy: UrlPolicy | undefined): string {
  if (policy === undefined) throw refused("This deployment takes no photographs by URL.");
  const url = URL.parse(text);
  if (url?.protocol !== "https:") throw refused("Only https URLs are taken.");
  if (url.username !== "" || url.password !== "" || url.port !== "") {
    throw refused("A URL may have no port and no credentials.");
  }
  if (!policy.hosts.includes(url.hostname)) {
    throw refused(`The host ${url.hostname} is not on this deployment's list.`);
  }
  return url.href;
}

async function bytesOf(response: Response, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const type = response.headers.get("content-type") ?? "";
  const announced = Number(response.headers.get("content-length") ?? 0);
  const reason = !response.ok
    ? `It was answered ${response.status}.`
    : !/^image\//i.test(type)
      ? `It is ${type || "of no type"}, not an image.`
      : undefined;
  if (reason !== undefined || announced > limit) {
    await response.body?.cancel();
    throw reason === undefined ? tooLarge(limit, announced) : failed(reason);
  }
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await settled(reader.read());
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      throw tooLarge(limit, length);
    }
    chunks.push(value as Uint8Array<ArrayBuffer>);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

async function settled<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (cause) {
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
