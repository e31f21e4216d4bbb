import { CosalError, type ErrorCode, type LimitReference } from "../errors.ts";

export type ProblemStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 406
  | 409
  | 410
  | 413
  | 415
  | 416
  | 422
  | 429
  | 500
  | 503
  | 504;

interface ProblemKind {
  readonly status: ProblemStatus;
  /** The same for every occurrence (RFC 9457, 3.1.3). */
  readonly title: string;
}

/** Every error code with its answer. `GET /problems/{code}` shows a row. */
export const PROBLEMS: Readonly<Record<ErrorCode, ProblemKind>> = {
  content_type_unsupported: { status: 415, title: "The body's type is not taken here" },
  body_not_multipart: { status: 400, title: "The multipart body is broken" },
  body_too_large: { status: 413, title: "The body has too many bytes" },
  option_invalid: { status: 400, title: "An option is not known or has an unknown value" },
  group_empty: { status: 400, title: "The group has no image" },
  group_too_large: { status: 413, title: "The group has too many images" },
  image_type_unsupported: { status: 415, title: "The image is no JPEG, PNG, WebP or AVIF" },
  image_undecodable: { status: 422, title: "The image cannot be decoded" },
  image_too_large: { status: 413, title: "The image has too many bytes" },
  image_too_many_pixels: { status: 422, title: "The image has too many pixels" },
  image_too_small: { status: 422, title: "The image is too small" },
  seed_invalid: { status: 422, title: "A seed marks nothing of the group" },
  seeds_unsupported: { status: 422, title: "The model takes no seeds" },
  consensus_invalid: { status: 422, title: "The consensus cannot be read" },
  consensus_incompatible: { status: 409, title: "The consensus is another model's" },
  body_not_json: { status: 400, title: "The body is no JSON" },
  body_invalid: { status: 400, title: "The body has another form than described" },
  group_too_many_pixels: { status: 413, title: "The group has too many pixels" },
  digest_mismatch: { status: 422, title: "The bytes are not those that their digest promises" },
  images_missing: { status: 409, title: "Some photographs are not stored here" },
  url_refused: { status: 422, title: "Photographs are not fetched from there" },
  url_failed: { status: 422, title: "The URL gave no photograph" },
  model_unknown: { status: 400, title: "No such model is served" },
  not_acceptable: { status: 406, title: "No accepted type can be given" },
  image_expired: { status: 410, title: "The photograph is no longer stored" },
  range_invalid: { status: 416, title: "The range is not within the file" },
  credentials_missing: { status: 401, title: "A key or token is needed" },
  credentials_invalid: { status: 401, title: "The key, token or link is not valid" },
  scope_missing: { status: 403, title: "The key does not allow this" },
  rate_limited: { status: 429, title: "Too many requests" },
  idempotency_mismatch: { status: 422, title: "The idempotency key belongs to another request" },
  not_found: { status: 404, title: "There is nothing here" },
  method_not_allowed: { status: 405, title: "The method is not allowed here" },
  model_invalid: { status: 500, title: "The model's files are not usable" },
  backend_unavailable: { status: 503, title: "Nothing can compute the group now" },
  deadline_exceeded: { status: 504, title: "The group took longer than it may" },
  internal: { status: 500, title: "Something went wrong on our side" },
};

/** What is wrong with one image of the request. */
export interface ProblemOfImage {
  /** JSON pointer (RFC 6901) to the image in the order sent, from 0: `#/images/3`. */
  readonly pointer: string;
  /** The image's id. */
  readonly image?: string;
  readonly detail: string;
  readonly limit?: LimitReference;
}

/** The body of every error: `application/problem+json` (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** The `X-Request-Id` of the answer: to be named in a report. */
  readonly request: string;
  /** The limit that was passed, where the request as a whole passed one. */
  readonly limit?: LimitReference;
  readonly errors?: readonly ProblemOfImage[];
}

/** The problem that an error is shown as. What nobody foresaw is not told, only its request. */
export function problemOf(error: unknown, request: string): Problem {
  const known =
    error instanceof CosalError && error.code !== "internal"
      ? error
      : new CosalError("internal", "Please report this with the request id.");
  const { code, message, image, limit } = known;
  const { status, title } = PROBLEMS[code];
  const base = { type: `/problems/${code}`, title, status, code, request };
  if (image === undefined) return { ...base, detail: message, ...(limit && { limit }) };
  const named =
    image.id === undefined ? `Image ${image.index}` : `Image ${JSON.stringify(image.id)}`;
  const entry: ProblemOfImage = {
    pointer: `#/images/${image.index}`,
    ...(image.id !== undefined && { image: image.id }),
    detail: message,
    ...(limit && { limit }),
  };
  return { ...base, detail: `${named}: ${message}`, errors: [entry] };
}
