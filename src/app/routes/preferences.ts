/** What a `Prefer` header asks for (RFC 7240), in as far as it is known here. */
export interface Preferences {
  readonly isAsync: boolean;
  /** Seconds that the caller waits at most. */
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
