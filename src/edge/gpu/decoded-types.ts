/** Milliseconds for which an answer is believed. */
const LIFETIME = 300_000;

/** Milliseconds for an answer. */
const TIMEOUT = 2_000;

/**
 * Media types of photographs that a server says it decodes (`types` of `GET /v1/limits`); undefined
 * when it does not answer, and has not lately.
 *
 * @param ask sends the request
 */
export function decodedTypes(ask: (signal: AbortSignal) => Promise<Response>) {
  let known: { readonly types: readonly string[]; readonly at: number } | undefined;

  async function read(signal: AbortSignal): Promise<readonly string[]> {
    const response = await ask(AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]));
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`answered ${response.status}`);
    }
    const { types }: { types?: unknown } = await response.json();
    // Servers of an earlier version do not say.
    return Array.isArray(types) ? types.map(String) : [];
  }

  return async (signal: AbortSignal): Promise<readonly string[] | undefined> => {
    if (known !== undefined && Date.now() - known.at < LIFETIME) return known.types;
    try {
      known = { types: await read(signal), at: Date.now() };
    } catch {
      signal.throwIfAborted();
    }
    return known?.types;
  };
}
