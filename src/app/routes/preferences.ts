/** The supported preferences of a `Prefer` header (RFC 7240). */
export interface Preferences {
  readonly isAsync: boolean;
  /** Maximum time that the caller waits, in seconds. */
  readonly wait: number | undefined;
}

export function preferencesOf(header: string | undefined): Preferences {
  const text = (header ?? "").toLowerCase();
  const wait = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})/.exec(text)?.[1];
  return {
    isAsync: /(^|[,;\s])respond-async($|[,;\s])/.test(text),
    wait: wait === undefined ? undefined : Number(wait),
  };
}
