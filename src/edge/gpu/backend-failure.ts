/**
 * A backend did not compute a group; another backend may:
 *
 * - `failed`: it is broken or cannot be reached. The circuit breaker counts it;
 * - `busy`: it asks for no requests for `retryAfter` seconds;
 * - `declined`: it works but does not accept this group.
 */
export class BackendFailure extends Error {
  override readonly name = "BackendFailure";
  readonly kind: "failed" | "busy" | "declined";
  readonly retryAfter: number | undefined;

  /** @param message a few words, shown to callers after the backend's name, e.g. `responded with 500` */
  constructor(
    kind: BackendFailure["kind"],
    message: string,
    details: { readonly retryAfter?: number; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.retryAfter = details.retryAfter;
  }
}
