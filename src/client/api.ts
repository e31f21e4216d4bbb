// Written by `npm run client:types` from the OpenAPI document; not to be edited.

/**
 * An example of the object: a point or box in pixels of the upright photograph, or a mask as COCO RLE (`size` is [height, width]) or as a PNG whose first channel is 255 at the object.
 */
export type Seed =
  | {
      /**
       * An image of the request: its place from 0, its id, or its SHA-256.
       */
      image: number | string;
      point: [number, number];
    }
  | {
      /**
       * An image of the request: its place from 0, its id, or its SHA-256.
       */
      image: number | string;
      box: [number, number, number, number];
    }
  | {
      /**
       * An image of the request: its place from 0, its id, or its SHA-256.
       */
      image: number | string;
      rle: {
        size: [number, number];
        counts: string | number[];
      };
    }
  | {
      /**
       * An image of the request: its place from 0, its id, or its SHA-256.
       */
      image: number | string;
      png: string;
    };
/**
 * A photograph that is stored already, sent along, or to be fetched (where the deployment allows it).
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
       * Base64, also URL-safe, or a `data:` URL of it.
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
   * Whether what has to be kept would be, where the service can tell.
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
   * Where it is documented.
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
   * The answer's `X-Request-Id`.
   */
  request: string;
  limit?: Limit;
  /**
   * `images_missing`: the photographs to send, by SHA-256.
   *
   * Items: SHA-256, 64 lower-case hex digits.
   */
  missing?: string[];
  errors?: ProblemPlace[];
}
/**
 * The limit that was passed.
 */
export interface Limit {
  name: string;
  limit: number;
  actual: number;
}
export interface ProblemPlace {
  /**
   * JSON pointer (RFC 6901) into the request; images are counted as sent, from 0.
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
     * Whether it takes seeds.
     */
    seeds: boolean;
    default: boolean;
  }[];
  limits: Limits;
}
export interface Limits {
  /**
   * Of a form.
   */
  body_bytes: number;
  /**
   * Of a JSON body.
   */
  json_bytes: number;
  /**
   * Of one photograph's file.
   */
  image_bytes: number;
  /**
   * Of a group, as sent.
   */
  images: number;
  /**
   * That a request may take.
   */
  seconds: number;
  /**
   * Of one photograph, by its kind of file, if that has at most 4 MiB. A file of more bytes may have fewer.
   */
  image_pixels: {
    baseline_jpeg: number;
    progressive_jpeg: number;
    png: number;
    interlaced_png: number;
    lossy_webp: number;
    lossless_webp: number;
    avif: number;
  };
  /**
   * Of a photograph that cut-outs and overlays are made of.
   */
  rendered_pixels: number;
  /**
   * More are answered with a job, where there are jobs.
   */
  synchronous_images: number;
  seeds: {
    count: number;
    /**
     * Of a mask.
     */
    pixels: number;
    /**
     * Of all masks of a request; equal ones count once.
     */
    total_pixels: number;
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
   * The group's identity: its photographs, model, options.
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
   * From the store, computed now, or computed by an equal request at that time.
   */
  cache: "hit" | "miss" | "coalesced";
  /**
   * How sure the network is that the photographs share an object: mean presence.
   */
  common: number;
  /**
   * What they have in common.
   */
  consensus: {
    url: string;
  };
  /**
   * The group whose consensus these photographs were masked with.
   */
  consensus_of?: string;
  images: Image[];
  skipped: SkippedImage[];
  notices: Notice[];
}
export interface Image {
  /**
   * As sent, made unique within the group.
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
   * Around mask >= 0.5; null: there is none.
   */
  box: [number, number, number, number] | null;
  /**
   * How sure the network is that the photograph shows the common object.
   */
  presence: number;
  /**
   * The intersection over union with a drawn mask that is to be expected of this one. Missing where the model does not tell.
   */
  confidence?: number;
  /**
   * In a ZIP archive: the name of the image's file.
   */
  file?: string;
  mask: File;
  cutout?: File;
  overlay?: File;
}
export interface File {
  /**
   * Where the file is, on this host. It never changes; it may be forgotten.
   */
  url: string;
  type: string;
  /**
   * The file, base64, with `inline=masks`.
   */
  data?: string;
}
/**
 * A photograph that `on_error=skip` left out, and why.
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
   * Ids that it is about.
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
   * Files: JPEG, PNG, WebP or AVIF. Their names become ids.
   */
  image: string[];
  options?: Options;
}
export interface Options {
  /**
   * What the answer links to or contains: the mask; the object on transparent ground; the photograph with the object tinted; or the record that all are rendered from.
   */
  output?: "mask" | "cutout" | "overlay" | "logits";
  /**
   * `png`, `webp`: soft 8-bit masks. Others, for masks only: `binary` (1-bit PNG), `rle` (COCO), `polygons` (COCO), `svg`.
   */
  format?: "png" | "webp" | "binary" | "rle" | "polygons" | "svg";
  /**
   * A mask of the photograph's size, or of the network's.
   */
  size?: "source" | "model";
  /**
   * Where object begins in `binary`, `rle`, `polygons` and `svg`.
   */
  threshold?: number;
  /**
   * `masks`: files in the JSON, base64.
   */
  inline?: "masks" | "none";
  /**
   * One of `GET /v1/models`.
   */
  model?: string;
  /**
   * Where to compute.
   */
  backend?: "auto" | "gpu" | "wasm";
  /**
   * What a photograph does that cannot be read: end the group, or be left out of it.
   */
  on_error?: "fail" | "skip";
  seeds?: Seed[];
  /**
   * Told of the job's end (Standard Webhooks), with `Prefer: respond-async`.
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
