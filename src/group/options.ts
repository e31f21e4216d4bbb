/**
 * The options of a group that change its masks, each only where it differs from its default, so
 * that a new option leaves the identity of every group without it as it was. Names and values
 * match `[a-z0-9._-]{1,64}`; an option that is a number is written in its shortest decimal form.
 * How masks are shown (format, size, threshold) is no part of them.
 */
export type GroupOptions = Readonly<Record<string, string>>;

export const DEFAULT_OPTIONS: GroupOptions = {};

/** What `on_error` adds to a group's identity. */
export function optionsOf(onError: "fail" | "skip"): GroupOptions {
  return onError === "skip" ? { on_error: "skip" } : DEFAULT_OPTIONS;
}
