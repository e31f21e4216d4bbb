export {
  type ApiKey,
  hashKey,
  type KeyLookup,
  keyAuthenticator,
  listedKeys,
  newKey,
  readApiKey,
  readApiKeys,
} from "./access/api-keys.ts";
export { FAILED_ATTEMPTS } from "./access/failed-attempts.ts";
export { type JwtPolicy, jwtAuthenticator, keysOrJwt } from "./access/jwt.ts";
export { networkOf } from "./access/networks.ts";
export { memoryRateLimiter } from "./access/rate-limiter.ts";
export { remoteKeys } from "./access/remote-keys.ts";
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
} from "./access/types.ts";
export { createApp } from "./app.ts";
export { resultDelivery } from "./batch-results.ts";
export { batchRunner } from "./batch-runner.ts";
export {
  type Batch,
  type BatchAction,
  type BatchBucket,
  type BatchEvent,
  type Batches,
  type BatchHeader,
  type BatchLimits,
  type BatchLine,
  type BatchRecord,
  type BatchRequest,
  type BatchStatus,
  type BatchStorage,
  batchId,
  type DeliverResults,
  fingerprinted,
  fingerprintOf,
  givenUp,
  type HourPrice,
  isPassing,
  type LineProblem,
  type LineResult,
  type LocalBatches,
  localBatches,
  MAX_UNIT_ATTEMPTS,
  MachineTime,
  memoryBatchStorage,
  type PlacedRecord,
  problemFor,
  Rate,
  type RunUnit,
  workUnits,
} from "./batches/index.ts";
export { type LocalBackend, localCompute, maskOf, type RunExclusive } from "./compute/local.ts";
export { type SharedLease, sharedSingleFlight } from "./compute/shared-single-flight.ts";
export { type Lease, memorySingleFlight, type SingleFlight } from "./compute/single-flight.ts";
export type {
  BackendChoice,
  Compute,
  ComputeContext,
  ComputeEvent,
  ComputeJob,
  LoadableImage,
  MaskOfImage,
} from "./compute/types.ts";
export type { AppDependencies, BackendState } from "./context/dependencies.ts";
export { yieldToEventLoop } from "./event-loop.ts";
export { FairShares } from "./fair-shares.ts";
export { jobRunner } from "./job-runner.ts";
export { type Attempt, attemptJob, type JobHandle, tooManyAttempts } from "./jobs/attempt.ts";
export { InMemoryJob, jobAccess, newJob, requireSameRequest } from "./jobs/in-memory-job.ts";
export { DEFAULT_URGENCY, JobQueue } from "./jobs/job-queue.ts";
export { memoryJobs } from "./jobs/memory-jobs.ts";
export type {
  Job,
  JobContext,
  JobEvent,
  JobRequest,
  JobStatus,
  Jobs,
  RunJob,
  Submission,
} from "./jobs/types.ts";
export { type Delivery, deliverWebhook, webhookRetryDelay } from "./jobs/webhook.ts";
export { type BackendLimits, type Limits, MAX_MEMORY_BYTES, SEND_TIMEOUT } from "./limits.ts";
export { CONSENSUS_TYPE } from "./media-types.ts";
export { PROBLEMS, type Problem, type ProblemPlace, problemOf } from "./problems/index.ts";
export type { GroupEvent, Progress } from "./representation/events.ts";
export {
  type Render,
  type RenderTask,
  type Requester,
  renderer,
} from "./representation/renderer.ts";
export { DOCS_ASSETS } from "./routes/docs.ts";
export type {
  FileBody,
  GroupBody,
  ImageBody,
  NoticeBody,
  SkippedBody,
} from "./schemas/group.ts";
export type { JobBody } from "./schemas/job.ts";
export { entries, hostNames, webhookSecret } from "./settings.ts";
export { jsonLog, silent } from "./telemetry/log.ts";
export type { Analytics, DataPoint, Log, LogEntry } from "./telemetry/types.ts";
export { areTooSmall } from "./upload/arrival.ts";
