import type { Detail } from "../engine/index.ts";

/**
 * The options of a group that change its masks, each only if it differs from its default: this way,
 * a new option does not change the identity of existing groups. Names and values match
 * `[a-z0-9._-]{1,64}`; numbers are written in their shortest decimal form. Options that only change
 * how masks are presented (format, size, threshold) are not included.
 */
export type GroupOptions = Readonly<Record<string, string>>;

/** What a request asks for. */
export interface ComputeOptions {
  readonly onError: "fail" | "skip";
  readonly detail: Detail;
}

/** The part of a group's identity that comes from `on_error` and `detail`. */
export function optionsOf({ onError, detail }: ComputeOptions): GroupOptions {
  return {
    ...(onError === "skip" && { on_error: "skip" }),
    ...(detail === "high" && { detail: "high" }),
  };
}
