import type { DecodedElsewhere } from "../../codec/index.ts";

/** Milliseconds for which an answer is believed. */
const LIFETIME = 300_000;

/** Milliseconds for an answer. */
const TIMEOUT = 2_000;

/** What a GPU server says that it decodes (`GET /v1/limits`). */
export interface ServerLimits {
  /** Media types of photographs. */
  readonly types: readonly string[];
  /** Pixels of one photograph, by its kind of file. */
  readonly imagePixels: Readonly<Record<string, number>>;
}

/** Whether a server with these limits decodes such a file. One of more than 4 MiB it may still refuse. */
export function decodes(
  { types, imagePixels }: ServerLimits,
  { type, kind, pixels }: DecodedElsewhere,
): boolean {
  return types.includes(type) && pixels <= (imagePixels[kind] ?? 0);
}

/**
 * Reads a server's limits, and remembers them for a while; undefined when it does not answer, and has
 * not lately.
 *
 * @param ask sends the request
 */
export function serverLimits(ask: (signal: AbortSignal) => Promise<Response>) {
  let known: { readonly limits: ServerLimits; readonly at: number } | undefined;

  async function read(signal: AbortSignal): Promise<ServerLimits> {
    const response = await ask(AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]));
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`answered ${response.status}`);
    }
    // Servers of an earlier version do not say.
    const { types, image_pixels }: Readonly<Record<string, unknown>> = await response.json();
    return {
      types: Array.isArray(types) ? types.map(String) : [],
      imagePixels: isNumbers(image_pixels) ? image_pixels : {},
    };
  }

  return async (signal: AbortSignal): Promise<ServerLimits | undefined> => {
    if (known !== undefined && Date.now() - known.at < LIFETIME) return known.limits;
    try {
      known = { limits: await read(signal), at: Date.now() };
    } catch {
      signal.throwIfAborted();
    }
    return known?.limits;
  };
}

function isNumbers(value: unknown): value is Record<string, number> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((one) => typeof one === "number")
  );
}
