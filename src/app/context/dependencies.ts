import type { Decoder } from "../../codec/index.ts";
import type { ModelDescription } from "../../engine/index.ts";
import type { StoresOf } from "../../group/index.ts";
import type { GuardOptions } from "../access/guard.ts";
import type { LinkSigning, UrlPolicy } from "../access/types.ts";
import type { BatchBucket, Batches } from "../batches/index.ts";
import type { SingleFlight } from "../compute/single-flight.ts";
import type { Compute } from "../compute/types.ts";
import type { Jobs } from "../jobs/types.ts";
import type { Limits } from "../limits.ts";
import type { Render } from "../representation/renderer.ts";
import type { WithLength } from "../representation/send-file.ts";
import type { Analytics, Log } from "../telemetry/types.ts";

/** Whether a backend would accept a group now. */
export interface BackendState {
  readonly name: string;
  readonly ready: boolean;
  /** A few words, e.g. `circuit open for 12 s`. */
  readonly reason: string;
}

/** The interfaces that a host provides to the app. A missing optional one turns its feature off. */
export interface AppDependencies extends GuardOptions {
  /** The available models; the first is the default. It must be cheap, since each request calls it. */
  readonly models: () => Promise<readonly ModelDescription[]>;
  readonly stores: StoresOf;
  readonly compute: Compute;
  /** Reads headers at upload, and pixels of seeds. Its limits are those of the largest backend. */
  readonly decoder: Decoder;
  /** Renders files from masks and photographs. By default in this thread, and PNG only. */
  readonly render?: Render;
  readonly limits: Limits;
  readonly log: Log;
  /** By default within this process (`memorySingleFlight`). */
  readonly singleFlight?: SingleFlight;
  readonly jobs?: Jobs;
  readonly batches?: Batches;
  /** A tenant's photographs and masks of batches. */
  readonly batchBucket?: (tenant: string) => BatchBucket;
  /** State of each backend, for `GET /readyz`. */
  readonly readiness?: () => Promise<readonly BackendState[]>;
  /** Whether photographs and jobs can be stored, for `GET /readyz`. */
  readonly storage?: () => Promise<readonly BackendState[]>;
  /** A tenant can read any group and photograph whose hash it knows. */
  readonly isCacheShared?: boolean;
  /** Origins of web pages that may call the API from a browser, or "*" for all. */
  readonly origins?: readonly string[] | "*";
  readonly links?: LinkSigning;
  /** Photographs by URL. */
  readonly urls?: UrlPolicy;
  /** Hosts that webhooks may be sent to. */
  readonly webhookHosts?: readonly string[];
  readonly analytics?: Analytics;
  /** A file of the documentation page (`swagger-ui.css`), from the host's static assets. */
  readonly docsAsset?: (name: string) => Promise<Response | undefined>;
  /** A file of the playground by its path (`/index.html`), as `npm run build` makes them. */
  readonly pageFile?: (path: string) => Promise<Response | undefined>;
  /** Wraps a body of known length, on hosts that take Content-Length from the body. */
  readonly withLength?: WithLength;
  /** Bytes of rendered masks kept in memory. */
  readonly renditionBytes?: number;
}
