/** What a caller may do: read results, have groups computed and photographs stored, remove them. */
export type Scope = "read" | "write" | "delete";

/** Who sends a request. */
export interface Principal {
  /** Named in rate limits: a key's id or a token's subject, never the secret (see `qualifiedName`). */
  readonly subject: string;
  /** Whose stores it sees, qualified too. */
  readonly tenant: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Requests per minute by kind, where the key has limits of its own. */
  readonly limits?: KeyLimits;
  /** A Worker of this deployment: what it says of a group's consensus is taken. */
  readonly isWorker?: boolean;
  /** Seconds that what is made of its requests may be kept, where it says so. */
  readonly keep?: number;
}

/**
 * Tells who sends a request. A deployment without one serves everybody as the tenant "".
 *
 * @param beforeLookUp called before anything is looked up that costs; throws when the caller has
 * failed too often lately
 * @throws CosalError credentials_missing, credentials_invalid, authentication_unavailable
 */
export type Authenticator = (request: Request, beforeLookUp: () => void) => Promise<Principal>;

/** Reading costs little, storing more, computing most. Of authentications the failed ones count. */
export type RateKind = "read" | "write" | "compute" | "authentication";

/** Requests per minute that a key has of its own, by kind. */
export type KeyLimits = Readonly<
  Partial<Record<Exclude<RateKind, "authentication">, number | undefined>>
>;

export interface RateRequest {
  /** The principal's subject, or the caller's network (`networkOf`) where there are no keys. */
  readonly subject: string;
  readonly kind: RateKind;
  /** Requests per minute that the subject's key has of its own. */
  readonly perMinute?: number;
}

export interface RateVerdict {
  readonly allowed: boolean;
  /** Requests per window, for `RateLimit-Policy`. */
  readonly limit: number;
  /** Length of the window in seconds. */
  readonly window: number;
  /** What is left of it, where the limiter knows. */
  readonly remaining?: number;
  /** Seconds until there is more, where the limiter knows. */
  readonly reset?: number;
}

/** Counts a request. Undefined: this kind has no limit. */
export type RateLimiter = (request: RateRequest) => Promise<RateVerdict | undefined>;

/** Photographs named by URL: fetched only from these hosts, over https. */
export interface UrlPolicy {
  /** Exact host names, e.g. `images.example.com`. */
  readonly hosts: readonly string[];
  /** What fetches; the platform's `fetch` unless a test says otherwise. */
  readonly fetch?: typeof fetch;
}

/** Links to masks that work without a key, for a while. */
export interface LinkSigning {
  /** At least 32 random bytes, from the environment. */
  readonly secret: string;
  /** How long a link works, in seconds. */
  readonly lifetime: number;
}
