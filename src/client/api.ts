// Written by `npm run client:types` from the OpenAPI document; not to be edited.

/**
 * A marked example of the object, or of what is not meant: a point or box in pixels of the upright photograph, or a mask, either as COCO RLE (`size` is [height, width]) or as a PNG whose first channel is 255 at what is marked.
 */
export type Seed =
  | {
      /**
       * An image of the request: its position from 0, its id, or its SHA-256.
       */
      image: number | string;
      /**
       * `true` marks what is not meant. `false` if absent.
       */
      negative?: boolean;
      point: [number, number];
    }
  | {
      /**
       * An image of the request: its position from 0, its id, or its SHA-256.
       */
      image: number | string;
      /**
       * `true` marks what is not meant. `false` if absent.
       */
      negative?: boolean;
      box: [number, number, number, number];
    }
  | {
      /**
       * An image of the request: its position from 0, its id, or its SHA-256.
       */
      image: number | string;
      /**
       * `true` marks what is not meant. `false` if absent.
       */
      negative?: boolean;
      rle: {
        size: [number, number];
        counts: string | number[];
      };
    }
  | {
      /**
       * An image of the request: its position from 0, its id, or its SHA-256.
       */
      image: number | string;
      /**
       * `true` marks what is not meant. `false` if absent.
       */
      negative?: boolean;
      png: string;
    };
/**
 * A photograph that is already stored, included in the request, or to be fetched (if the deployment allows it).
 */
export type ImageReference =
  | {
      id?: string;
      /**
       * SHA-256, 64 hex digits.
       */
      sha256: string;
    }
  | {
      id?: string;
      /**
       * Base64, which may be URL-safe, or a base64 `data:` URL.
       */
      data: string;
    }
  | {
      id?: string;
      url: string;
    };
export type CocoMask =
  | {
      /**
       * `[height, width]`
       */
      size: [number, number];
      counts: string;
    }
  | number[][];

export interface Health {
  status: "ok";
}
export interface Readiness {
  status: "ready" | "degraded" | "unready";
  backends: {
    name: string;
    ready: boolean;
    reason: string;
  }[];
  /**
   * Whether photographs and jobs can be stored, if the service can tell.
   */
  storage?: {
    name: string;
    ready: boolean;
    reason: string;
  }[];
}
/**
 * RFC 9457.
 */
export interface Problem {
  /**
   * Documentation of this problem.
   */
  type: string;
  title: string;
  status: number;
  detail: string;
  code:
    | "content_type_unsupported"
    | "content_coding_unsupported"
    | "body_not_multipart"
    | "body_too_large"
    | "body_too_slow"
    | "option_invalid"
    | "group_empty"
    | "group_too_large"
    | "image_type_unsupported"
    | "image_undecodable"
    | "image_too_slow"
    | "image_too_large"
    | "image_too_many_pixels"
    | "image_too_small"
    | "seed_invalid"
    | "seeds_unsupported"
    | "consensus_invalid"
    | "consensus_incompatible"
    | "body_not_json"
    | "body_invalid"
    | "group_too_many_pixels"
    | "digest_mismatch"
    | "images_missing"
    | "url_refused"
    | "url_failed"
    | "model_unknown"
    | "not_acceptable"
    | "image_expired"
    | "object_missing"
    | "range_invalid"
    | "credentials_missing"
    | "credentials_invalid"
    | "scope_missing"
    | "rate_limited"
    | "idempotency_mismatch"
    | "not_found"
    | "method_not_allowed"
    | "model_invalid"
    | "backend_unavailable"
    | "deadline_exceeded"
    | "authentication_unavailable"
    | "store_unavailable"
    | "store_full"
    | "internal";
  /**
   * The response's `X-Request-Id`.
   */
  request: string;
  limit?: Limit;
  /**
   * `images_missing`: SHA-256 of the photographs to send.
   *
   * Items: SHA-256, 64 lower-case hex digits.
   */
  missing?: string[];
  errors?: ProblemPlace[];
}
/**
 * The limit that was exceeded.
 */
export interface Limit {
  name: string;
  limit: number;
  actual: number;
}
export interface ProblemPlace {
  /**
   * JSON pointer (RFC 6901) into the request. Images are counted from 0, in the order sent.
   */
  pointer: string;
  /**
   * The image's id.
   */
  image?: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256?: string;
  detail: string;
  limit?: Limit;
}
export interface Models {
  models: {
    name: string;
    version: string;
    /**
     * SHA-256, 64 lower-case hex digits.
     */
    digest: string;
    licence: string;
    input: {
      width: number;
      height: number;
    };
    /**
     * Whether it supports seeds.
     */
    seeds: boolean;
    default: boolean;
  }[];
  limits: Limits;
}
export interface Limits {
  /**
   * Maximum size of a form.
   */
  body_bytes: number;
  /**
   * Maximum size of a JSON body.
   */
  json_bytes: number;
  /**
   * Maximum size of one photograph's file.
   */
  image_bytes: number;
  /**
   * Media types of photographs that are decoded here. A Worker sends others to a GPU server that lists them.
   */
  types: string[];
  /**
   * Photographs of a group, as sent.
   */
  images: number;
  /**
   * Maximum time of a request.
   */
  seconds: number;
  /**
   * Pixels of one photograph by kind of file, for files up to 4 MiB. Larger files may have fewer pixels. A Worker sends larger photographs to a GPU server that accepts them.
   */
  image_pixels: {
    baseline_jpeg: number;
    progressive_jpeg: number;
    png: number;
    interlaced_png: number;
    lossy_webp: number;
    lossless_webp: number;
    avif: number;
    heic?: number;
  };
  /**
   * Pixels of a photograph for cut-outs and overlays.
   */
  rendered_pixels: number;
  /**
   * Pixels of all files in one response: inline, in an archive or in parts.
   */
  response_pixels: number;
  /**
   * Larger groups become jobs, if the deployment has jobs.
   */
  synchronous_images: number;
  seeds: {
    count: number;
    /**
     * Pixels of a mask.
     */
    pixels: number;
    /**
     * Pixels of all masks in a request. Equal ones count once.
     */
    total_pixels: number;
  };
  /**
   * If the deployment accepts batches.
   */
  batches?: {
    /**
     * Photographs of a manifest.
     */
    lines: number;
    /**
     * Photographs that are named by SHA-256.
     */
    stored_lines: number;
    manifest_bytes: number;
    /**
     * Photographs of one group.
     */
    group_lines: number;
    /**
     * Groups that are computed at the same time.
     */
    parallelism: number;
  };
  backends: {
    wasm?: BackendLimits;
    gpu?: BackendLimits;
  };
}
export interface BackendLimits {
  images: number;
  pixels: number;
  total_pixels: number;
}
export interface ProblemKind {
  type: string;
  code: string;
  status: number;
  title: string;
  description: string;
}
export interface Group {
  /**
   * The group's identity: a hash of its photographs, model and options.
   */
  id: string;
  model: {
    name: string;
    /**
     * SHA-256, 64 lower-case hex digits.
     */
    digest: string;
  };
  /**
   * Where it was computed.
   */
  backend: string;
  /**
   * `hit`: from the store; `miss`: computed now; `coalesced`: computed by an equal, simultaneous request.
   */
  cache: "hit" | "miss" | "coalesced";
  /**
   * How certain the network is that the photographs share an object: mean presence.
   */
  common: number;
  /**
   * What the photographs have in common.
   */
  consensus: {
    url: string;
  };
  /**
   * The group whose consensus was used to mask these photographs.
   */
  consensus_of?: string;
  images: Image[];
  skipped: SkippedImage[];
  notices: Notice[];
}
export interface Image {
  /**
   * As sent, but made unique within the group.
   */
  id: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
  /**
   * Pixels, after EXIF orientation.
   */
  width: number;
  height: number;
  /**
   * Share of the pixels with mask >= 0.5.
   */
  coverage: number;
  /**
   * Bounding box of mask >= 0.5, or null if there is no such pixel.
   */
  box: [number, number, number, number] | null;
  /**
   * How certain the network is that the photograph shows the common object.
   */
  presence: number;
  /**
   * Expected intersection over union of this mask with a hand-drawn one. Missing if the model does not estimate it.
   */
  confidence?: number;
  /**
   * In a ZIP archive: name of the image's file.
   */
  file?: string;
  mask: File;
  cutout?: File;
  overlay?: File;
}
export interface File {
  /**
   * URL of the file on this host. The file never changes, but may be deleted.
   */
  url: string;
  type: string;
  /**
   * The file in base64, with `inline=masks`.
   */
  data?: string;
}
/**
 * A photograph that was skipped with `on_error=skip`, and why.
 */
export interface SkippedImage {
  id: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
  code: string;
  detail: string;
  limit?: Limit;
}
export interface Notice {
  code: "single_image" | "nothing_in_common" | "duplicate_images";
  detail: string;
  /**
   * Ids of the images that it is about.
   */
  images?: string[];
}
export interface Job {
  id: string;
  status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  group: string;
  created: string;
  updated: string;
  attempts: number;
  /**
   * Photographs that have their mask.
   */
  done: number;
  total: number;
  problem?: Problem;
  links: {
    self: string;
    events: string;
    /**
     * The result, once the job has succeeded.
     */
    group: string;
  };
}
export interface GroupUpload {
  /**
   * Files: JPEG, PNG, WebP or AVIF. Their names become the images' ids.
   */
  image: string[];
  options?: Options;
}
export interface Options {
  /**
   * What the response links to or contains: the mask; the object on a transparent background; the photograph with the object tinted; or the record that all of these are rendered from.
   */
  output?: "mask" | "cutout" | "overlay" | "logits";
  /**
   * `png`, `webp`: soft 8-bit masks. For masks only: `binary` (1-bit PNG), `rle` (COCO), `polygons` (COCO), `svg`.
   */
  format?: "png" | "webp" | "binary" | "rle" | "polygons" | "svg";
  /**
   * Size of the mask: the photograph's (`source`), the network's (`model`), or a size such as `4000x3000`, e.g. the original size of a photograph that was sent reduced.
   */
  size?: string;
  /**
   * Minimum mask value of the object's pixels in `binary`, `rle`, `polygons` and `svg`.
   */
  threshold?: number;
  /**
   * `masks`: include the files in the JSON, in base64, up to 16 MiB of them together.
   */
  inline?: "masks" | "none";
  /**
   * For cut-outs: puts the object on a canvas of this size. Its soft edge moves inwards a little.
   */
  canvas?: string;
  /**
   * With `canvas`: margin on each side, as a share of the shorter side. Default: 8%.
   */
  margin?: string;
  /**
   * With `canvas`: position of the object, in the middle or on a ground line (the lower margin).
   */
  align?: "center" | "bottom";
  /**
   * With `canvas`: `set` (default): the group's largest object fills its canvas, and the others keep their relative sizes; `each`: every object fills its canvas. Objects are enlarged at most twofold.
   */
  scale?: "set" | "each";
  /**
   * With `canvas`: `transparent`, a colour, or the SHA-256 of a stored photograph, which covers the canvas.
   */
  background?: string;
  /**
   * A soft shadow on the ground, where the object touches it.
   */
  shadow?: boolean;
  /**
   * A name from `GET /v1/models`.
   */
  model?: string;
  /**
   * Where to compute the group.
   */
  backend?: "auto" | "gpu" | "wasm";
  /**
   * What to do with a photograph that cannot be read: fail the group, or skip the photograph.
   */
  on_error?: "fail" | "skip";
  /**
   * `high`: processes each photograph a second time, cropped around its mask. Outlines are finer, and the time about doubles.
   */
  detail?: "normal" | "high";
  seeds?: Seed[];
  /**
   * URL that is notified when the job ends (Standard Webhooks), with `Prefer: respond-async`.
   */
  webhook?: string;
}
export interface GroupRequest {
  images: ImageReference[];
  options?: Options;
}
export interface StoredImage {
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256: string;
  type: string;
  bytes: number;
  width: number;
  height: number;
}
export interface Batch {
  id: string;
  /**
   * `completed`: every photograph has a result or an error.
   */
  status: "running" | "paused" | "completed" | "cancelled";
  created: string;
  /**
   * Time of the last result or change.
   */
  updated: string;
  model: {
    name: string;
    /**
     * SHA-256, 64 lower-case hex digits.
     */
    digest: string;
  };
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  consensus_of?: string;
  formats: (
    | "png"
    | "webp"
    | "binary"
    | "rle"
    | "polygons"
    | "svg"
    | "logits"
    | "cutout"
    | "overlay"
  )[];
  parallelism: number;
  counts: {
    total: number;
    /**
     * Includes running ones.
     */
    pending: number;
    running: number;
    succeeded: number;
    failed: number;
  };
  /**
   * Failed photographs by code.
   */
  failures: {
    [k: string]: number;
  };
  /**
   * Photographs per second in the last minute.
   */
  rate: number;
  estimated_end?: string;
  /**
   * Machine time. Groups that run at the same time share it equally.
   */
  compute_milliseconds: number;
  /**
   * Cost of the compute so far, if the deployment has a price.
   */
  cost?: {
    amount: number;
    currency: string;
  };
  /**
   * Why nothing is computed at the moment. The batch continues by itself.
   */
  waiting?: {
    code:
      | "content_type_unsupported"
      | "content_coding_unsupported"
      | "body_not_multipart"
      | "body_too_large"
      | "body_too_slow"
      | "option_invalid"
      | "group_empty"
      | "group_too_large"
      | "image_type_unsupported"
      | "image_undecodable"
      | "image_too_slow"
      | "image_too_large"
      | "image_too_many_pixels"
      | "image_too_small"
      | "seed_invalid"
      | "seeds_unsupported"
      | "consensus_invalid"
      | "consensus_incompatible"
      | "body_not_json"
      | "body_invalid"
      | "group_too_many_pixels"
      | "digest_mismatch"
      | "images_missing"
      | "url_refused"
      | "url_failed"
      | "model_unknown"
      | "not_acceptable"
      | "image_expired"
      | "object_missing"
      | "range_invalid"
      | "credentials_missing"
      | "credentials_invalid"
      | "scope_missing"
      | "rate_limited"
      | "idempotency_mismatch"
      | "not_found"
      | "method_not_allowed"
      | "model_invalid"
      | "backend_unavailable"
      | "deadline_exceeded"
      | "authentication_unavailable"
      | "store_unavailable"
      | "store_full"
      | "internal";
    detail: string;
    limit?: Limit;
  };
  /**
   * Where the results lie in the bucket, once a batch with a destination is completed.
   */
  results_key?: string;
  links: {
    self: string;
    events: string;
    results: string;
  };
}
/**
 * One line of a manifest: a photograph.
 */
export interface BatchLine {
  /**
   * The photograph's id. By default, the number of its line.
   */
  id?: string;
  /**
   * Of a photograph that is stored (`PUT /v1/images/{sha256}`).
   */
  sha256?: string;
  /**
   * Instead of `sha256`: of a photograph in the deployment's bucket.
   */
  key?: string;
  /**
   * Name of the photograph's group. Lines of one group are consecutive.
   */
  group?: string;
}
/**
 * One line of the results: a photograph.
 */
export interface BatchResult {
  /**
   * Line of the manifest, from 1.
   */
  line: number;
  id: string;
  /**
   * SHA-256, 64 lower-case hex digits.
   */
  sha256?: string;
  /**
   * Of the photograph in the bucket.
   */
  key?: string;
  /**
   * Name of the group in the manifest.
   */
  group?: string;
  status: "succeeded" | "failed";
  /**
   * URL of the group that has the mask.
   */
  result?: string;
  width?: number;
  height?: number;
  coverage?: number;
  /**
   * `[x, y, width, height]` in pixels.
   */
  box?: [number, number, number, number] | null;
  presence?: number;
  confidence?: number;
  /**
   * By format.
   */
  files?: {
    [k: string]: File;
  };
  /**
   * Of the files in the bucket, by format.
   */
  keys?: {
    [k: string]: string;
  };
  /**
   * Why it failed.
   */
  code?:
    | "content_type_unsupported"
    | "content_coding_unsupported"
    | "body_not_multipart"
    | "body_too_large"
    | "body_too_slow"
    | "option_invalid"
    | "group_empty"
    | "group_too_large"
    | "image_type_unsupported"
    | "image_undecodable"
    | "image_too_slow"
    | "image_too_large"
    | "image_too_many_pixels"
    | "image_too_small"
    | "seed_invalid"
    | "seeds_unsupported"
    | "consensus_invalid"
    | "consensus_incompatible"
    | "body_not_json"
    | "body_invalid"
    | "group_too_many_pixels"
    | "digest_mismatch"
    | "images_missing"
    | "url_refused"
    | "url_failed"
    | "model_unknown"
    | "not_acceptable"
    | "image_expired"
    | "object_missing"
    | "range_invalid"
    | "credentials_missing"
    | "credentials_invalid"
    | "scope_missing"
    | "rate_limited"
    | "idempotency_mismatch"
    | "not_found"
    | "method_not_allowed"
    | "model_invalid"
    | "backend_unavailable"
    | "deadline_exceeded"
    | "authentication_unavailable"
    | "store_unavailable"
    | "store_full"
    | "internal";
  detail?: string;
  limit?: Limit;
}
