export { createApp } from "./app.ts";
export { type Flight, type Flights, memoryFlights } from "./compute/flights.ts";
export { type Exclusive, type LocalBackend, localCompute, maskOf } from "./compute/local.ts";
export type {
  BackendChoice,
  Compute,
  ComputeContext,
  ComputeEvent,
  ComputeJob,
  LoadableImage,
  MaskOfImage,
} from "./compute/types.ts";
export { CONSENSUS_TYPE } from "./consensus-type.ts";
export type { AppDependencies, BackendState } from "./dependencies.ts";
export { accessTo, HeldJob, newJob, sameRequest } from "./jobs/held.ts";
export { memoryJobs } from "./jobs/memory.ts";
export { type JobContext, jobRunner, type RunJob } from "./jobs/run.ts";
export type { Job, JobEvent, JobRequest, JobStatus, Jobs, Submission } from "./jobs/types.ts";
export { type BackendLimits, type Limits, MAX_BODY_BYTES } from "./limits.ts";
export { jsonLog, silent } from "./observe/log.ts";
export type { Analytics, DataPoint, Log, LogEntry } from "./observe/types.ts";
export type {
  FileBody,
  GroupBody,
  ImageBody,
  NoticeBody,
  SkippedBody,
} from "./openapi/schemas/group.ts";
export type { JobBody } from "./openapi/schemas/job.ts";
export { PROBLEMS, type Problem, type ProblemPlace, problemOf } from "./problems/index.ts";
export type { GroupEvent, Progress } from "./representation/events.ts";
export { DOCS_ASSETS } from "./routes/docs.ts";
export {
  type ApiKey,
  hashKey,
  type KeyLookup,
  keyAuthenticator,
  listedKeys,
  newKey,
} from "./safety/api-keys.ts";
export { type JwtPolicy, jwtAuthenticator, keysOrJwt } from "./safety/jwt.ts";
export { memoryRates } from "./safety/rates.ts";
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
