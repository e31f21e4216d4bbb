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

/** Every error code with its answer. `GET /problems/{code}` shows a row. */
export const PROBLEMS: Readonly<Record<ErrorCode, ProblemKind>> = {
  content_type_unsupported: kind(
    415,
    "The body's type is not taken here",
    "Groups are sent as multipart/form-data or application/json, photographs to /v1/images as their bytes.",
  ),
  content_coding_unsupported: kind(
    415,
    "The body is compressed",
    "Photographs are compressed already. Send the body without Content-Encoding.",
  ),
  body_not_multipart: kind(
    400,
    "The multipart body is broken",
    "The body breaks off, or its boundary is not the one that Content-Type names. Let a library write it.",
  ),
  body_not_json: kind(
    400,
    "The body is no JSON",
    "The body, or the part `options`, cannot be parsed.",
  ),
  body_invalid: kind(
    400,
    "The body has another form than described",
    "`errors` points at each place that does not match the schema in /openapi.json.",
  ),
  body_too_large: kind(
    413,
    "The body has too many bytes",
    "`limit` says how many are taken. Send fewer or smaller photographs, or store them one by one with PUT /v1/images/{sha256} and name them.",
  ),
  body_too_slow: kind(
    408,
    "The body arrived too slowly",
    "A body whose bytes hardly come is given up. Send the request again over a better connection.",
  ),
  option_invalid: kind(
    400,
    "An option is not known or has an unknown value",
    "A query parameter, header or part has a name or a value that is not in /openapi.json.",
  ),
  group_empty: kind(
    400,
    "The group has no image",
    "At least one photograph is needed, and with on_error=skip one that can be read.",
  ),
  group_too_large: kind(
    413,
    "The group has too many images",
    "`limit` says how many a group may have.",
  ),
  group_too_many_pixels: kind(
    413,
    "The group has too many pixels",
    "The photographs together have more pixels than any backend of this deployment takes. Masks are found on a few hundred pixels a side: smaller photographs lose little.",
  ),
  image_type_unsupported: kind(
    415,
    "The image is no JPEG, PNG, WebP or AVIF",
    "The type is told by the file's first bytes; names and declared types are not looked at.",
  ),
  image_undecodable: kind(
    422,
    "The image cannot be decoded",
    "The file begins as an image does and then is truncated or broken.",
  ),
  image_too_large: kind(413, "The image has too many bytes", "`limit` says how many one may have."),
  image_too_many_pixels: kind(
    422,
    "The image has too many pixels",
    "The file's header announces more pixels, a longer side, or more scans of a progressive JPEG than are taken. Nothing was decoded.",
  ),
  image_too_small: kind(
    422,
    "The image is too small",
    "A side is so short that there is nothing to tell from its background.",
  ),
  digest_mismatch: kind(
    422,
    "The bytes are not those that their digest promises",
    "The SHA-256 in the path or in Repr-Digest is not that of the body. Nothing was stored.",
  ),
  images_missing: kind(
    409,
    "Some photographs are not stored here",
    "Photographs were named by SHA-256 and are not stored, or no longer. Send those in `missing` with PUT /v1/images/{sha256}, or in the body, and then the request again.",
  ),
  image_expired: kind(
    410,
    "The photograph is no longer stored",
    "Photographs are kept for a short while only. Send it again (PUT /v1/images/{sha256}).",
  ),
  url_refused: kind(
    422,
    "Photographs are not fetched from there",
    "URLs must be https, on the standard port, of a host that this deployment allows, redirects included. By default none is.",
  ),
  url_failed: kind(
    422,
    "The URL gave no photograph",
    "Its host did not answer in time, or with something else than a photograph of an allowed size.",
  ),
  model_unknown: kind(400, "No such model is served", "GET /v1/models lists those that are."),
  seed_invalid: kind(
    422,
    "A seed marks nothing of the group",
    "It names no image of the group, lies outside of its image, or its mask cannot be read.",
  ),
  seeds_unsupported: kind(422, "The model takes no seeds", "GET /v1/models says which do."),
  consensus_invalid: kind(
    422,
    "The consensus cannot be read",
    "The bytes are none, or of another version.",
  ),
  consensus_incompatible: kind(
    409,
    "The consensus is another model's",
    "The group was computed with a model that is not served any more. Send its photographs again.",
  ),
  not_acceptable: kind(
    406,
    "No accepted type can be given",
    "/openapi.json lists the types of each answer.",
  ),
  range_invalid: kind(
    416,
    "The range is not within the file",
    "Content-Range says how long it is.",
  ),
  credentials_missing: kind(
    401,
    "A key or token is needed",
    "Send it as `Authorization: Bearer ...`.",
  ),
  credentials_invalid: kind(
    401,
    "The key, token or link is not valid",
    "It is unknown, has expired, or was made for another address.",
  ),
  scope_missing: kind(
    403,
    "The key does not allow this",
    "Ask for a key with the scope that `detail` names.",
  ),
  rate_limited: kind(429, "Too many requests", "Retry-After says when there is more."),
  idempotency_mismatch: kind(
    422,
    "The idempotency key belongs to another request",
    "A key names one request for good. Take a new one for another group.",
  ),
  not_found: kind(
    404,
    "There is nothing here",
    "Never stored, forgotten, or another tenant's: these are not told apart.",
  ),
  method_not_allowed: kind(405, "The method is not allowed here", "Allow lists those that are."),
  model_invalid: kind(500, "The model's files are not usable", "The deployment is broken."),
  backend_unavailable: kind(
    503,
    "Nothing can compute the group now",
    "Every backend is busy or down. Retry-After says when to come again.",
  ),
  deadline_exceeded: kind(
    504,
    "The group took longer than it may",
    "Send fewer photographs, or ask for a job with `Prefer: respond-async`.",
  ),
  authentication_unavailable: kind(
    503,
    "Nobody can be recognised now",
    "What keys or tokens are checked against cannot be reached. Yours may be valid: Retry-After says when to come again.",
  ),
  store_unavailable: kind(
    503,
    "What is stored cannot be reached now",
    "A store cannot be read or written, so nobody can tell whether it is stored. Retry-After says when to come again.",
  ),
  store_full: kind(
    507,
    "There is no room to keep it",
    "The deployment's storage is full. Groups are computed and answered all the same; photographs and jobs that have to be kept are not taken.",
  ),
  internal: kind(500, "Something went wrong on our side", "Please report it with the request id."),
};
