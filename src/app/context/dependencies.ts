import type { Decoder } from "../../codec/index.ts";
import type { ModelDescription } from "../../engine/index.ts";
import type { StoresOf } from "../../group/index.ts";
import type { GuardOptions } from "../access/guard.ts";
import type { LinkSigning, UrlPolicy } from "../access/types.ts";
import type { Batches } from "../batches/index.ts";
import type { SingleFlight } from "../compute/single-flight.ts";
import type { Compute } from "../compute/types.ts";
import type { Jobs } from "../jobs/types.ts";
import type { Limits } from "../limits.ts";
import type { Render } from "../representation/renderer.ts";
import type { WithLength } from "../representation/send-file.ts";
import type { Analytics, Log } from "../telemetry/types.ts";

/** Whether a backend would take a group now. */
export interface BackendState {
  readonly name: string;
  readonly ready: boolean;
  /** In a few words, e.g. `circuit open for 12 s`. */
  readonly reason: string;
}

/** What the app needs of its host: interfaces only. What is optional is off when it is missing. */
export interface AppDependencies extends GuardOptions {
  /** What is served; the first is the default. Cheap: asked for every request. */
  readonly models: () => Promise<readonly ModelDescription[]>;
  readonly stores: StoresOf;
  readonly compute: Compute;
  /** Reads headers at upload, and pixels of seeds. Its limits are those of the largest backend. */
  readonly decoder: Decoder;
  /** Makes files of masks and photographs: in this thread, and PNG only, unless the host knows better. */
  readonly render?: Render;
  readonly limits: Limits;
  readonly log: Log;
  /** Per isolate (`memorySingleFlight`) unless the host has one that reaches further. */
  readonly singleFlight?: SingleFlight;
  readonly jobs?: Jobs;
  readonly batches?: Batches;
  /** State of each backend, for `GET /readyz`. */
  readonly readiness?: () => Promise<readonly BackendState[]>;
  /** Whether what has to be kept would be, for `GET /readyz`. */
  readonly storage?: () => Promise<readonly BackendState[]>;
  /** Every tenant sees every group and photograph whose hash it knows. */
  readonly isCacheShared?: boolean;
  /** Web pages that may call from a browser: origins, or "*" for all. */
  readonly origins?: readonly string[] | "*";
  readonly links?: LinkSigning;
  /** Photographs by URL. */
  readonly urls?: UrlPolicy;
  /** Hosts that may be told of a job's end. */
  readonly webhookHosts?: readonly string[];
  readonly analytics?: Analytics;
  /** A file of the documentation page (`swagger-ui.css`), from the host's static assets. */
  readonly docsAsset?: (name: string) => Promise<Response | undefined>;
  /** A file of the playground by its path (`/index.html`), as `npm run build` makes them. */
  readonly pageFile?: (path: string) => Promise<Response | undefined>;
  /** A stream of so many bytes, where a response says its length by its body and not by its headers. */
  readonly withLength?: WithLength;
  /** Bytes of rendered masks kept in memory. */
  readonly renditionBytes?: number;
}
