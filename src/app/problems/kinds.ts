import type { ErrorCode } from "../../errors.ts";

export type ProblemStatus =
  | 400
  | 401
  | 403
  | 404
  | 405
  | 406
  | 408
  | 409
  | 410
  | 413
  | 415
  | 416
  | 422
  | 429
  | 500
  | 503
  | 504
  | 507;

export interface ProblemKind {
  readonly status: ProblemStatus;
  /** The same for every occurrence (RFC 9457, 3.1.3). */
  readonly title: string;
  /** What it means and what to do about it; shown at `/problems/{code}`. */
  readonly description: string;
}

const kind = (status: ProblemStatus, title: string, description: string): ProblemKind => ({
  status,
  title,
  description,
});

/** The problem for each error code. `GET /problems/{code}` shows one. */
export const PROBLEMS: Readonly<Record<ErrorCode, ProblemKind>> = {
  content_type_unsupported: kind(
    415,
    "The content type is not supported",
    "Send groups as multipart/form-data or application/json, and photographs to /v1/images as their bytes.",
  ),
  content_coding_unsupported: kind(
    415,
    "The body is compressed",
    "Photographs are already compressed. Send the body without Content-Encoding.",
  ),
  body_not_multipart: kind(
    400,
    "The multipart body is malformed",
    "The body is cut off, or its boundary does not match Content-Type. Use a library to build it.",
  ),
  body_not_json: kind(
    400,
    "The body is not JSON",
    "The body, or its part `options`, cannot be parsed.",
  ),
  body_invalid: kind(
    400,
    "The body does not match the schema",
    "`errors` points to each place that does not match the schema in /openapi.json.",
  ),
  body_too_large: kind(
    413,
    "The body is too large",
    "`limit` gives the largest size in bytes. Send fewer or smaller photographs, or store them one by one with PUT /v1/images/{sha256} and refer to them.",
  ),
  body_too_slow: kind(
    408,
    "The body arrived too slowly",
    "The body arrived so slowly, or in so small chunks, that the server stopped reading it. Send the request again over a better connection.",
  ),
  option_invalid: kind(
    400,
    "An option is unknown or has an invalid value",
    "The name or value of a query parameter, header or part is not in /openapi.json.",
  ),
  group_empty: kind(
    400,
    "The group has no images",
    "Send at least one photograph. With on_error=skip, at least one must be readable.",
  ),
  group_too_large: kind(
    413,
    "The group has too many images",
    "`limit` gives the largest number of images in a group.",
  ),
  group_too_many_pixels: kind(
    413,
    "The group has too many pixels",
    "The photographs together have more pixels than any backend of this deployment accepts, or the files in the response would have more than are rendered for one. The network sees a few hundred pixels a side, so smaller photographs lose little.",
  ),
  image_type_unsupported: kind(
    415,
    "The image type is not supported",
    "`types` of /v1/limits lists the supported types. The type is read from the file's first bytes; its name and declared type are ignored.",
  ),
  image_undecodable: kind(
    422,
    "The image cannot be decoded",
    "The file starts like an image but is truncated or broken.",
  ),
  image_too_large: kind(
    413,
    "The image file is too large",
    "`limit` gives the largest size in bytes.",
  ),
  image_too_slow: kind(
    422,
    "The image takes too long to decode",
    "Decoding was stopped at the time limit. Save the image again as a plain JPEG or PNG.",
  ),
  image_too_many_pixels: kind(
    422,
    "The image has too many pixels",
    "The file's header declares more pixels, a longer side, or more scans of a progressive JPEG than are accepted. Nothing was decoded.",
  ),
  image_too_small: kind(
    422,
    "The image is too small",
    "A side is too short to distinguish an object from its background.",
  ),
  digest_mismatch: kind(
    422,
    "The digest does not match the body",
    "The SHA-256 of the body is not the one in the path or in Repr-Digest. Nothing was stored.",
  ),
  images_missing: kind(
    409,
    "Some photographs are not stored here",
    "The request names photographs by SHA-256 that were never stored or are no longer stored. Send those listed in `missing` with PUT /v1/images/{sha256}, or in the body, and repeat the request.",
  ),
  image_expired: kind(
    410,
    "The photograph is no longer stored",
    "Photographs are only kept for a short time. Send it again (PUT /v1/images/{sha256}).",
  ),
  object_missing: kind(
    404,
    "The photograph does not show the object",
    "A picture of the object requires one. Check the image's `presence` and `box` in the group first.",
  ),
  url_refused: kind(
    422,
    "Photographs cannot be fetched from this URL",
    "URLs must be https, on the standard port, and from a host that this deployment allows; the same goes for redirects. By default, no host is allowed.",
  ),
  url_failed: kind(
    422,
    "The URL did not return a photograph",
    "Its host did not respond in time, or returned something other than a photograph of an acceptable size.",
  ),
  model_unknown: kind(400, "There is no such model", "GET /v1/models lists the available models."),
  seed_invalid: kind(
    422,
    "A seed is not valid for the group",
    "It refers to no image of the group, lies outside its image, or its mask cannot be read.",
  ),
  seeds_unsupported: kind(
    422,
    "The model does not support seeds",
    "GET /v1/models says which models support seeds.",
  ),
  consensus_invalid: kind(
    422,
    "The consensus cannot be read",
    "The bytes are not a consensus, or one of an unknown version.",
  ),
  consensus_incompatible: kind(
    409,
    "The consensus belongs to another model",
    "The group was computed with a model that is no longer available. Send its photographs again.",
  ),
  not_acceptable: kind(
    406,
    "No acceptable type is available",
    "/openapi.json lists the types of each response.",
  ),
  range_invalid: kind(
    416,
    "The range lies outside the file",
    "Content-Range gives the file's length.",
  ),
  credentials_missing: kind(
    401,
    "A key or token is required",
    "Send it as `Authorization: Bearer ...`.",
  ),
  credentials_invalid: kind(
    401,
    "The key, token or link is not valid",
    "It is unknown or expired, or was made for another address.",
  ),
  scope_missing: kind(
    403,
    "The key does not permit this",
    "Ask for a key with the scope named in `detail`.",
  ),
  rate_limited: kind(429, "Too many requests", "Retry-After says when to try again."),
  idempotency_mismatch: kind(
    422,
    "The idempotency key was used for another request",
    "A key belongs to one request for good. Use a new one for another group.",
  ),
  not_found: kind(
    404,
    "There is nothing here",
    "It was never stored, is no longer stored, or belongs to another tenant. The response does not say which.",
  ),
  method_not_allowed: kind(
    405,
    "The method is not allowed here",
    "Allow lists the methods that are.",
  ),
  model_invalid: kind(500, "The model's files are unusable", "The deployment is misconfigured."),
  backend_unavailable: kind(
    503,
    "No backend can compute the group at the moment",
    "Every backend is busy or down. Retry-After says when to try again.",
  ),
  deadline_exceeded: kind(
    504,
    "The group took too long",
    "Send fewer photographs, or ask for a job with `Prefer: respond-async`.",
  ),
  authentication_unavailable: kind(
    503,
    "Keys and tokens cannot be verified at the moment",
    "The service that verifies them cannot be reached. Yours may be valid. Retry-After says when to try again.",
  ),
  store_unavailable: kind(
    503,
    "The storage cannot be reached at the moment",
    "A store cannot be read or written, so it is unknown whether something is stored. Retry-After says when to try again.",
  ),
  store_full: kind(
    507,
    "There is no room to store this",
    "The deployment's storage is full. Groups are still computed; photographs and jobs, which must be stored, are not accepted.",
  ),
  internal: kind(500, "Something went wrong on our side", "Please report it with the request id."),
};
