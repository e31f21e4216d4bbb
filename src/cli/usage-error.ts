/** A mistake in what was typed, to be shown without a stack; the exit status is 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
