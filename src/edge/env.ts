import type {
  AnalyticsEngineDataset,
  DurableObjectNamespace,
  KVNamespace,
  Queue,
  R2Bucket,
} from "@cloudflare/workers-types";
import type { RateBinding } from "./access/rate-limiter.ts";
import type { Assets } from "./assets.ts";
import type { JobMessage } from "./jobs/job-object.ts";

/** The bindings of wrangler.toml. Only the assets are needed; without another the Worker does less. */
export interface Bindings {
  readonly ASSETS: Assets;
  /** Photographs, features and results, for all data centres. */
  readonly BUCKET?: R2Bucket;
  /** API keys: `ApiKey` as JSON, under the SHA-256 of the key in hex. */
  readonly API_KEYS?: KVNamespace;
  readonly QUEUE?: Queue<JobMessage>;
  readonly JOBS?: DurableObjectNamespace;
  readonly FLIGHTS?: DurableObjectNamespace;
  readonly RATES?: DurableObjectNamespace;
  readonly RATE_READ?: RateBinding;
  readonly RATE_WRITE?: RateBinding;
  readonly RATE_COMPUTE?: RateBinding;
  readonly RATE_AUTHENTICATION?: RateBinding;
  readonly ANALYTICS?: AnalyticsEngineDataset;
}

/** Variables and secrets: texts, explained in docs/deploy.md. */
export interface Variables {
  /** `off` (default), `keys`, `jwt` or `keys,jwt`. */
  readonly AUTHENTICATION?: string;
  /** `ApiKey`s as a JSON array, where there is no namespace for them. */
  readonly API_KEY_LIST?: string;
  readonly JWT_KEYS?: string;
  readonly JWT_ISSUER?: string;
  readonly JWT_AUDIENCE?: string;
  readonly JWT_TENANT_CLAIM?: string;
  /** `true`: every tenant sees every group whose hash it knows. */
  readonly CACHE_SHARED?: string;
  /** Origins of web pages that may call, separated by commas; `*` for all. */
  readonly ORIGINS?: string;
  /** Hosts that photographs may be fetched from, separated by commas. */
  readonly URL_HOSTS?: string;
  /** Hosts that may be told of a job's end, separated by commas; needs WEBHOOK_SECRET. */
  readonly WEBHOOK_HOSTS?: string;
  readonly WEBHOOK_SECRET?: string;
  /** Makes links to masks that work without a key for an hour. */
  readonly LINK_SECRET?: string;
  /** GPU servers: URLs, each with a name before it (`eu=https://...`) or not, separated by commas. */
  readonly GPU_BACKENDS?: string;
  /** `off`: the bindings RATE_* are not asked. */
  readonly RATE_LIMITS?: string;
  /** What this Worker and its GPU servers share. */
  readonly GPU_SECRET?: string;
  /** Milliseconds without a byte after which a GPU server counts as hanging. */
  readonly GPU_SILENCE_MS?: string;
  /** Estimated milliseconds up to which a group is computed in the Worker though there is a GPU. */
  readonly WASM_PREFERRED_MS?: string;
  /** Estimated milliseconds above which no group is computed in the Worker. */
  readonly WASM_MOST_MS?: string;
  readonly RETENTION_INPUT_HOURS?: string;
  readonly RETENTION_RESULT_HOURS?: string;
}

export interface Env extends Bindings, Variables {}
