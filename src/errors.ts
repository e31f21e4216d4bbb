/** Errors of the caller: the same request would fail again. The app responds with 4xx. */
const CALLER_CODES = {
  /** This address does not accept bodies of this type. */
  content_type_unsupported: true,
  /** The body is compressed. */
  content_coding_unsupported: true,
  /** The request says multipart/form-data, but the body is something else or is cut off. */
  body_not_multipart: true,
  /** The whole body is larger than a request may be. */
  body_too_large: true,
  /** The body arrived too slowly, so the server gave up on it. */
  body_too_slow: true,
  /** A part, query parameter or option has an unknown name or value. */
  option_invalid: true,
  /** The group has no image. */
  group_empty: true,
  /** More images than a group may have. */
  group_too_large: true,
  /**
   * The file is not JPEG, PNG, WebP or AVIF. Its first bytes decide; names and declared types do
   * not matter.
   */
  image_type_unsupported: true,
  /** The file starts like an image but is truncated or broken. */
  image_undecodable: true,
  /** Decoding it takes longer than one image may. */
  image_too_slow: true,
  /** The file has more bytes than one image may have. */
  image_too_large: true,
  /** The header declares more pixels, or a longer side, than one image may have. */
  image_too_many_pixels: true,
  /** A side is too short for anything to be segmented. */
  image_too_small: true,
  /** A seed refers to no image of the group or marks nothing in it, or negative ones leave nothing. */
  seed_invalid: true,
  /** The model has no graph for seeds. */
  seeds_unsupported: true,
  /** The bytes are not a consensus, or one of an unknown version. */
  consensus_invalid: true,
  /** The consensus was made by another model and cannot be used with this one. */
  consensus_incompatible: true,
  /** The request says JSON, but the body is not JSON. */
  body_not_json: true,
  /** The body does not match the schema in the API description. */
  body_invalid: true,
  /** The group's photographs, or the files in the response, have too many pixels together. */
  group_too_many_pixels: true,
  /** The SHA-256 of the body is not the one in the path or in Repr-Digest. */
  digest_mismatch: true,
  /** Photographs named by SHA-256 are not stored here and have to be sent. */
  images_missing: true,
  /** This deployment does not fetch photographs by URL, or not from that host. */
  url_refused: true,
  /** Fetching a URL did not give a photograph. */
  url_failed: true,
  /** No model of that name is available. */
  model_unknown: true,
  /** The response cannot be given in any of the types that the caller accepts. */
  not_acceptable: true,
  /** The photograph that is needed for this is no longer stored. */
  image_expired: true,
  /** The photograph does not show the object, so there is no picture of it. */
  object_missing: true,
  /** The requested range lies outside the file. */
  range_invalid: true,
  /** A key or token is required, and there is none. */
  credentials_missing: true,
  /** The key, token or signed link is invalid or has expired. */
  credentials_invalid: true,
  /** The key or token does not permit this. */
  scope_missing: true,
  /** The caller has sent more requests than its limit allows. */
  rate_limited: true,
  /** The Idempotency-Key was used before, for a different request. */
  idempotency_mismatch: true,
  /** There is no such group, mask or route. */
  not_found: true,
  /** The route exists but does not support this method. */
  method_not_allowed: true,
} as const;

/** Errors of the service: the caller may try again later. The app responds with 5xx. */
const SERVER_CODES = {
  /** A model file is missing, or is not the file that the manifest describes. */
  model_invalid: true,
  /** No runtime can compute the group at the moment. */
  backend_unavailable: true,
  /** The time limit of the caller or the host passed before the work was done. */
  deadline_exceeded: true,
  /** Keys or tokens cannot be verified because the service that knows them is unreachable. */
  authentication_unavailable: true,
  /**
   * A store cannot be read or written at the moment, so it is unknown whether something is stored.
   */
  store_unavailable: true,
  /** A store has no room for something that must be kept. */
  store_full: true,
  /** Any other error: a bug. */
  internal: true,
} as const;

export type CallerErrorCode = keyof typeof CALLER_CODES;
export type ServerErrorCode = keyof typeof SERVER_CODES;
export type ErrorCode = CallerErrorCode | ServerErrorCode;

export const ERROR_CODES = Object.keys({ ...CALLER_CODES, ...SERVER_CODES }) as ErrorCode[];

/** The image that an error is about: its position in the group as sent, from 0, and its id. */
export interface ImageReference {
  readonly index: number;
  readonly id?: string;
}

/** The limit that was exceeded, machine-readable: `{ name: "pixels", limit: 4e7, actual: 9e8 }`. */
export interface LimitReference {
  readonly name: string;
  readonly limit: number;
  readonly actual: number;
}

/** One of several places in the request that an error is about. */
export interface PlaceInRequest {
  /** JSON pointer (RFC 6901) into the request body, e.g. `#/images/3`. */
  readonly pointer: string;
  readonly detail: string;
  /** Id of the image, if the place is an image. */
  readonly image?: string;
  /** Its SHA-256, if the request refers to it that way. */
  readonly sha256?: string;
}

export interface CosalErrorDetails {
  readonly image?: ImageReference;
  readonly limit?: LimitReference;
  readonly places?: readonly PlaceInRequest[];
  /** Seconds after which trying again may succeed (`Retry-After`). */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** The project's only error class. `message` may be shown to the caller. */
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

  /** The same error with the image that it is about. */
  about(image: ImageReference): CosalError {
    const { limit, places, retryAfter, cause } = this;
    return new CosalError(this.code, this.message, { image, limit, places, retryAfter, cause });
  }
}
