/** Faults of the caller: the same request will fail again. The app answers 4xx. */
const CALLER_CODES = {
  /** The body is of a type that this address does not take. */
  content_type_unsupported: true,
  /** The body is compressed. */
  content_coding_unsupported: true,
  /** The body is no multipart/form-data although the request says so, or it breaks off. */
  body_not_multipart: true,
  /** The whole body is larger than a request may be. */
  body_too_large: true,
  /** The body arrived so slowly that it was given up. */
  body_too_slow: true,
  /** A part, query parameter or option has a name or value that is not known. */
  option_invalid: true,
  /** No image at all. */
  group_empty: true,
  /** More images than a group may have. */
  group_too_large: true,
  /** The image's bytes are none of JPEG, PNG, WebP, AVIF. Names and declared types are not looked at. */
  image_type_unsupported: true,
  /** The bytes begin as an image does, and then are truncated or broken. */
  image_undecodable: true,
  /** The file has more bytes than one image may have. */
  image_too_large: true,
  /** The header announces more pixels, or a longer side, than one image may have. */
  image_too_many_pixels: true,
  /** A side is so short that there is nothing to segment. */
  image_too_small: true,
  /** A seed names no image of the group, or marks nothing of it. */
  seed_invalid: true,
  /** The model has no graph to start a consensus from seeds. */
  seeds_unsupported: true,
  /** The bytes are no consensus, or one of a version that is not known. */
  consensus_invalid: true,
  /** The consensus was made by another model, which this one cannot read. */
  consensus_incompatible: true,
  /** The body is no JSON although the request says so. */
  body_not_json: true,
  /** The body has another form than the API's description says. */
  body_invalid: true,
  /** The group's photographs have more pixels together than any backend takes. */
  group_too_many_pixels: true,
  /** The bytes are not those that their SHA-256 (in the path or in Repr-Digest) promises. */
  digest_mismatch: true,
  /** Photographs named by SHA-256 that are not stored here: send those. */
  images_missing: true,
  /** Photographs by URL are off here, or not from that host. */
  url_refused: true,
  /** The URL of a photograph gave no photograph. */
  url_failed: true,
  /** No model of that name is served. */
  model_unknown: true,
  /** None of the types that the caller accepts can be given. */
  not_acceptable: true,
  /** The photograph that this would be made of is no longer stored. */
  image_expired: true,
  /** The range is not within the file. */
  range_invalid: true,
  /** No key or token, and one is needed. */
  credentials_missing: true,
  /** The key, token or signed link is not valid, or no longer. */
  credentials_invalid: true,
  /** The key or token does not allow this. */
  scope_missing: true,
  /** More requests than the limit. */
  rate_limited: true,
  /** The Idempotency-Key came before with another request. */
  idempotency_mismatch: true,
  /** No such group, mask or route. */
  not_found: true,
  /** The route exists, this method does not. */
  method_not_allowed: true,
} as const;

/** Our own faults: the caller may try again later. The app answers 5xx. */
const SERVER_CODES = {
  /** A model file is missing, or is not the file that the manifest names. */
  model_invalid: true,
  /** No runtime could take the group now. */
  backend_unavailable: true,
  /** The time that the caller or the host gave was over before the work was. */
  deadline_exceeded: true,
  /** Keys or tokens cannot be checked: what they are checked against cannot be reached. */
  authentication_unavailable: true,
  /** A store cannot be read or written now: whether something is stored cannot be told. */
  store_unavailable: true,
  /** A store has no room for what has to be kept. */
  store_full: true,
  /** Anything that nobody foresaw. */
  internal: true,
} as const;

export type CallerErrorCode = keyof typeof CALLER_CODES;
export type ServerErrorCode = keyof typeof SERVER_CODES;
export type ErrorCode = CallerErrorCode | ServerErrorCode;

export const ERROR_CODES = Object.keys({ ...CALLER_CODES, ...SERVER_CODES }) as ErrorCode[];

/** The image that an error is about: its place in the group as sent, from 0, and its id. */
export interface ImageReference {
  readonly index: number;
  readonly id?: string;
}

/** The limit that was passed, in machine-readable form: `{ name: "pixels", limit: 4e7, actual: 9e8 }`. */
export interface LimitReference {
  readonly name: string;
  readonly limit: number;
  readonly actual: number;
}

/** One of several places in the request that an error is about. */
export interface PlaceInRequest {
  /** JSON pointer (RFC 6901) into the request's body, e.g. `#/images/3`. */
  readonly pointer: string;
  readonly detail: string;
  /** The image's id, where the place is an image. */
  readonly image?: string;
  /** Its SHA-256, where that is how the request names it. */
  readonly sha256?: string;
}

export interface CosalErrorDetails {
  readonly image?: ImageReference;
  readonly limit?: LimitReference;
  readonly places?: readonly PlaceInRequest[];
  /** In how many seconds it may be worth to try again (`Retry-After`). */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** The one error class of the project. `message` is fit to be shown to the caller. */
export class CosalError extends Error {
  override readonly name = "CosalError";
  readonly code: ErrorCode;
  readonly image: ImageReference | undefined;
  readonly limit: LimitReference | undefined;
  readonly places: readonly PlaceInRequest[];
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, details: CosalErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.image = details.image;
    this.limit = details.limit;
    this.places = details.places ?? [];
    this.retryAfter = details.retryAfter;
  }

  /** Whether the caller is at fault (4xx) rather than the service (5xx). */
  get isCallerFault(): boolean {
    return this.code in CALLER_CODES;
  }

  /** The same error, naming the image it is about. */
  about(image: ImageReference): CosalError {
    const { limit, places, retryAfter, cause } = this;
    return new CosalError(this.code, this.message, { image, limit, places, retryAfter, cause });
  }
}
