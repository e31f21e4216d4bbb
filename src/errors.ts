/** Faults of the caller: the same request will fail again. The app answers 4xx. */
const CALLER_CODES = {
  /** The request says that its body is something else than multipart/form-data. */
  content_type_unsupported: true,
  /** The body is no multipart/form-data although the request says so, or it breaks off. */
  body_not_multipart: true,
  /** The whole body is larger than a request may be. */
  body_too_large: true,
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

export interface CosalErrorDetails {
  readonly image?: ImageReference;
  readonly limit?: LimitReference;
  readonly cause?: unknown;
}

/** The one error class of the project. `message` is fit to be shown to the caller. */
export class CosalError extends Error {
  override readonly name = "CosalError";
  readonly code: ErrorCode;
  readonly image: ImageReference | undefined;
  readonly limit: LimitReference | undefined;

  constructor(code: ErrorCode, message: string, details: CosalErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.image = details.image;
    this.limit = details.limit;
  }

  /** Whether the caller is at fault (4xx) rather than the service (5xx). */
  get isCallerFault(): boolean {
    return this.code in CALLER_CODES;
  }

  /** The same error, naming the image it is about. */
  about(image: ImageReference): CosalError {
    return new CosalError(this.code, this.message, { image, limit: this.limit, cause: this.cause });
  }
}
