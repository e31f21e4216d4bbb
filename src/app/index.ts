export { type AppDependencies, createApp } from "./app.ts";
export { type Flight, type Flights, memoryFlights } from "./compute/flights.ts";
export type {
  BackendChoice,
  Compute,
  ComputeContext,
  ComputeEvent,
  ComputeJob,
  LoadableImage,
  MaskOfImage,
} from "./compute/types.ts";
export type { Computing, Exclusive } from "./compute.ts";
export type { ApiDependencies, BackendState } from "./dependencies.ts";
export type { GroupEvent, Progress } from "./events.ts";
export type { Job, JobEvent, JobRequest, JobStatus, Jobs, Submission } from "./jobs/types.ts";
export { type BackendLimits, type Limits, MAX_BODY_BYTES } from "./limits.ts";
export { jsonLog, silent } from "./observe/log.ts";
export type { Analytics, DataPoint, Log, LogEntry } from "./observe/types.ts";
export type { Problem, ProblemOfImage } from "./problems.ts";
export type { GroupBody, ImageBody, MaskBody } from "./representation.ts";
export type {
  Authenticator,
  LinkSigning,
  Principal,
  RateKind,
  RateLimiter,
  RateRequest,
  RateVerdict,
  Scope,
  UrlPolicy,
} from "./safety/types.ts";
