import type { DecodedElsewhere } from "../../codec/index.ts";

/** How long limits are cached, in milliseconds. */
const LIFETIME = 300_000;

/** Milliseconds for a response. */
const TIMEOUT = 2_000;

/** What a GPU server decodes, from `GET /v1/limits`. */
export interface ServerLimits {
  /** Media types of photographs. */
  readonly types: readonly string[];
  /** Maximum pixels of one photograph, by kind of file. */
  readonly imagePixels: Readonly<Record<string, number>>;
}

/** Whether a server with these limits decodes such a file. It may still refuse one above 4 MiB. */
export function decodes(
  { types, imagePixels }: ServerLimits,
  { type, kind, pixels }: DecodedElsewhere,
): boolean {
  return types.includes(type) && pixels <= (imagePixels[kind] ?? 0);
}

/**
 * Reads a server's limits and caches them. If the server does not respond, returns the last known
 * limits, or undefined.
 *
 * @param ask sends the request
 */
export function serverLimits(ask: (signal: AbortSignal) => Promise<Response>) {
  let known: { readonly limits: ServerLimits; readonly at: number } | undefined;

  async function read(signal: AbortSignal): Promise<ServerLimits> {
    const response = await ask(AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]));
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`responded with ${response.status}`);
    }
    // Servers of an earlier version do not send these fields.
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
