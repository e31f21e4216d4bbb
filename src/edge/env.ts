import type {
  AnalyticsEngineDataset,
  DurableObjectNamespace,
  KVNamespace,
  Queue,
  R2Bucket,
  Workflow,
} from "@cloudflare/workers-types";
import type { RateBinding } from "./access/rate-limiter.ts";
import type { Assets } from "./assets.ts";
import type { BatchRound } from "./batches/instances.ts";
import type { JobMessage } from "./jobs/job-object.ts";

/** The bindings of wrangler.toml. Only the assets are required; the others add features. */
export interface Bindings {
  readonly ASSETS: Assets;
  /** Photographs, features and results, shared by all data centres. */
  readonly BUCKET?: R2Bucket;
  /** API keys: an `ApiKey` as JSON, stored under the SHA-256 of the key in hex. */
  readonly API_KEYS?: KVNamespace;
  readonly QUEUE?: Queue<JobMessage>;
  readonly JOBS?: DurableObjectNamespace;
  /** Batches; both, and BUCKET. */
  readonly BATCHES?: DurableObjectNamespace;
  readonly BATCH_RUNS?: Workflow<BatchRound>;
  /** Where callers have photographs for batches and want their masks. */
  readonly BATCH_BUCKET?: R2Bucket;
  readonly FLIGHTS?: DurableObjectNamespace;
  readonly RATES?: DurableObjectNamespace;
  readonly RATE_READ?: RateBinding;
  readonly RATE_WRITE?: RateBinding;
  readonly RATE_COMPUTE?: RateBinding;
  readonly RATE_AUTHENTICATION?: RateBinding;
  readonly ANALYTICS?: AnalyticsEngineDataset;
}

/** Variables and secrets, all of them strings. docs/deploy.md explains them. */
export interface Variables {
  /** `off` (default), `keys`, `jwt` or `keys,jwt`. */
  readonly AUTHENTICATION?: string;
  /** `ApiKey`s as a JSON array. Usually set when the namespace API_KEYS is not bound. */
  readonly API_KEY_LIST?: string;
  readonly JWT_KEYS?: string;
  readonly JWT_ISSUER?: string;
  readonly JWT_AUDIENCE?: string;
  readonly JWT_TENANT_CLAIM?: string;
  /** `true`: a tenant can read any group whose hash it knows. */
  readonly CACHE_SHARED?: string;
  /** Origins of web pages that may call the API, separated by commas; `*` for all. */
  readonly ORIGINS?: string;
  /** Hosts that photographs may be fetched from, separated by commas. */
  readonly URL_HOSTS?: string;
  /** Hosts that webhooks may be sent to, separated by commas; needs WEBHOOK_SECRET. */
  readonly WEBHOOK_HOSTS?: string;
  readonly WEBHOOK_SECRET?: string;
  /** Signs links to masks, which work without a key for an hour. */
  readonly LINK_SECRET?: string;
  /** URLs of GPU servers, separated by commas. A name may precede each (`eu=https://...`). */
  readonly GPU_BACKENDS?: string;
  /** `off`: requests are not limited. */
  readonly RATE_LIMITS?: string;
  /** The secret that this Worker and its GPU servers share. */
  readonly GPU_SECRET?: string;
  /** Milliseconds without a byte after which a request to a GPU server times out. */
  readonly GPU_IDLE_TIMEOUT_MS?: string;
  /** Estimated milliseconds up to which a group is computed in the Worker even if there is a GPU. */
  readonly WASM_PREFERRED_MS?: string;
  /** Estimated milliseconds above which no group is computed in the Worker. */
  readonly WASM_MAX_MS?: string;
  readonly RETENTION_INPUT_HOURS?: string;
  readonly RETENTION_RESULT_HOURS?: string;
}

export interface Env extends Bindings, Variables {}
