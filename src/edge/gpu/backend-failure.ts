/**
 * Why a backend did not compute a group that another may compute:
 *
 * - `failed`: it is broken or cannot be reached, counted by its circuit breaker;
 * - `busy`: it asked to be left alone for `retryAfter` seconds;
 * - `declined`: it works, and does not take such a group.
 */
export class BackendFailure extends Error {
  override readonly name = "BackendFailure";
  readonly kind: "failed" | "busy" | "declined";
  readonly retryAfter: number | undefined;

  /** @param message in a few words fit to be shown, e.g. `answered 500` */
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
