/** Permissions: read results; compute groups and store photographs; delete them. */
export type Scope = "read" | "write" | "delete";

/** The sender of a request. */
export interface Principal {
  /** A key's id or a token's subject, for rate limits (see `qualifiedName`). Never the secret. */
  readonly subject: string;
  /** The tenant whose stores the principal uses. Qualified too. */
  readonly tenant: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Requests per minute by kind, where the key has limits of its own. */
  readonly limits?: KeyLimits;
  /** Whether it is a Worker of this deployment, whose consensus is trusted. */
  readonly isWorker?: boolean;
  /** How long results of its requests may be kept, in seconds. Undefined: the default retention. */
  readonly keep?: number;
}

/**
 * Authenticates a request. In a deployment without one, all requests belong to the tenant "".
 *
 * @param beforeLookUp called before a costly lookup. It throws if the caller has failed too often
 * @throws CosalError credentials_missing, credentials_invalid, authentication_unavailable
 */
export type Authenticator = (request: Request, beforeLookUp: () => void) => Promise<Principal>;

/** Kinds of requests by cost: reads, writes, computations. Only failed authentications count. */
export type RateKind = "read" | "write" | "compute" | "authentication";

/** A key's own limits: requests per minute by kind. */
export type KeyLimits = Readonly<
  Partial<Record<Exclude<RateKind, "authentication">, number | undefined>>
>;

export interface RateRequest {
  /** The principal's subject or, without keys, the caller's network (`networkOf`). */
  readonly subject: string;
  readonly kind: RateKind;
  /** The own limit of the subject's key, in requests per minute. */
  readonly perMinute?: number;
}

export interface RateVerdict {
  readonly allowed: boolean;
  /** Requests per window, for `RateLimit-Policy`. */
  readonly limit: number;
  /** Length of the window in seconds. */
  readonly window: number;
  /** Remaining requests, if the limiter knows. */
  readonly remaining?: number;
  /** Seconds until the window ends, if the limiter knows. */
  readonly reset?: number;
}

/** Counts a request. Undefined: this kind has no limit. */
export type RateLimiter = (request: RateRequest) => Promise<RateVerdict | undefined>;

/** Where photographs may be fetched from: these hosts only, over https. */
export interface UrlPolicy {
  /** Exact host names, e.g. `images.example.com`. */
  readonly hosts: readonly string[];
  /** By default, the platform's `fetch`. Tests replace it. */
  readonly fetch?: typeof fetch;
}

/** Signed links to masks, which work without a key until they expire. */
export interface LinkSigning {
  /** At least 32 random bytes, from the environment. */
  readonly secret: string;
  /** How long a link is valid, in seconds. */
  readonly lifetime: number;
}
