import { waitUntil } from "cloudflare:workers";
import type { DurableObjectNamespace } from "@cloudflare/workers-types";
import {
  type AppDependencies,
  type BackendState,
  batchRunner,
  type Compute,
  type ComputeJob,
  createApp,
  hostNames,
  type JobHandle,
  jobRunner,
  jsonLog,
  type Log,
  localCompute,
  MachineTime,
  type Render,
  type RunJob,
  renderer,
  resultDelivery,
  type SharedLease,
  sharedSingleFlight,
  webhookSecret,
  yieldToEventLoop,
} from "../app/index.ts";
import { CircuitBreaker } from "../circuit-breaker.ts";
import { workerdDecoder, workerdWebpEncoder } from "../codec/workerd.ts";
import { createSegmenter, describeModel, type ModelDescription } from "../engine/index.ts";
import { workerdRuntime } from "../engine/runtime/workerd.ts";
import { type Retention, retentionOf } from "../stores/retention.ts";
import { authenticationOf } from "./access/authentication.ts";
import { edgeRateLimiter } from "./access/rate-limiter.ts";
import type { Count } from "./access/rate-object.ts";
import { edgeAnalytics } from "./analytics.ts";
import { documentation, modelFiles, pageFile } from "./assets.ts";
import { batchBucket } from "./batches/batch-bucket.ts";
import type { BatchHandle, BatchRunParts } from "./batches/batch-run.ts";
import { type BatchStub, batchName, edgeBatches } from "./batches/edge-batches.ts";
import { costOf } from "./dispatch/cost.ts";
import { dispatch, type GuardedBackend } from "./dispatch/dispatch.ts";
import type { Env } from "./env.ts";
import { gpuAddresses } from "./gpu/addresses.ts";
import { gpuBackend, IDLE_TIMEOUT } from "./gpu/backend.ts";
import { workerTransport } from "./gpu/transport.ts";
import { edgeJobs, type JobStub, jobName } from "./jobs/edge-jobs.ts";
import type { JobMessage } from "./jobs/job-object.ts";
import { edgeLimits } from "./limits.ts";
import { memoize } from "./memoize.ts";
import { createMutex } from "./mutex.ts";
import { recent } from "./recent.ts";
import { flag, longSecret, positive, webOrigins } from "./settings.ts";
import { type EdgeStoresOf, edgeStores } from "./stores/stores.ts";
import { withLength } from "./with-length.ts";

const MODEL = "cosal-lite";

/** Estimated milliseconds up to which the Worker computes a group even if there is a GPU. */
const PREFERRED_WASM_COST = 2_000;

/** Estimated milliseconds above which it never does: a request has 30 s of CPU time by default. */
const MAX_WASM_COST = 25_000;

/**
 * How long GPU servers may keep results of this Worker's requests, in milliseconds. It equals the
 * limit of the data centres' caches, since a deletion may fail to reach a server too.
 */
const GPU_KEEP = 3_600_000;

/** How long a signed link is valid, in seconds. */
const LINK_LIFETIME = 3600;

/** How long the GPU servers' readiness is cached, and how long a check may take, in milliseconds. */
const READINESS = { age: 1_000, timeout: 5_000 };

/** What an isolate creates once from its bindings. */
export interface Host {
  readonly app: ReturnType<typeof createApp>;
  readonly runJob: RunJob;
  readonly jobOf: (message: JobMessage) => JobHandle;
  readonly batchRun: BatchRunParts;
  readonly log: Log;
}

/**
 * The app on Cloudflare's platform.
 *
 * @throws TypeError for a variable with an invalid value
 */
export function createHost(env: Env, log: Log = jsonLog()): Host {
  const models = memoize(async () => [await describeModel(modelFiles(env.ASSETS, MODEL))]);
  const retention = retentionOf({
    inputs: env.RETENTION_INPUT_HOURS,
    results: env.RETENTION_RESULT_HOURS,
  });
  const gpus = gpusOf(env, retention);
  const stores = edgeStores({
    caches,
    ...(env.BUCKET && { bucket: env.BUCKET }),
    retention,
    models,
    onDelete: (tenant, path) => waitUntil(forgetAt(gpus, tenant, path, log)),
    waitUntil,
    log,
  });
  // One decoder for all: each has a WebAssembly heap of its own.
  const decoder = workerdDecoder(gpus.length > 0);
  const dependencies: AppDependencies = {
    models,
    stores,
    compute: computeOf(env, models, stores, gpus, decoder, log),
    decoder,
    render: renderOne(decoder),
    limits: edgeLimits({ gpu: gpus.length > 0, bucket: env.BUCKET !== undefined }),
    log,
    readiness: recent(() => readinessOf(gpus), READINESS),
    isCacheShared: flag("CACHE_SHARED", env.CACHE_SHARED, ["true", "false"]),
    addressOf: (request) => request.headers.get("cf-connecting-ip") ?? "",
    docsAsset: (name) => documentation(env.ASSETS, name),
    pageFile: (path) => pageFile(env.ASSETS, path),
    withLength,
    ...optional(env, log),
  };
  return {
    app: createApp(dependencies),
    runJob: jobRunner(dependencies),
    jobOf: ({ tenant, id }) => stubs<JobHandle>(env.JOBS)(jobName(tenant, id)),
    batchRun: {
      stubOf: ({ tenant, id }) => stubs<BatchHandle>(env.BATCHES)(batchName(tenant, id)),
      run: batchRunner(dependencies),
      deliver: resultDelivery(dependencies),
      machine: new MachineTime(),
      log,
    },
    log,
  };
}

function gpusOf(env: Env, retention: Retention): GuardedBackend[] {
  const options = {
    secret: env.GPU_SECRET as string,
    transport: workerTransport(),
    idleTimeout: positive("GPU_IDLE_TIMEOUT_MS", env.GPU_IDLE_TIMEOUT_MS, IDLE_TIMEOUT),
    keep: Math.min(GPU_KEEP, ...Object.values(retention)) / 1000,
  };
  return gpuAddresses(env).map((address) => ({
    ...gpuBackend(address, options),
    breaker: new CircuitBreaker(),
  }));
}

/** Deletes at the GPU servers too. Copies on a server that cannot be reached expire by themselves. */
async function forgetAt(
  gpus: readonly GuardedBackend[],
  tenant: string,
  path: string,
  log: Log,
): Promise<void> {
  const removals = gpus.map(({ name, forget }) =>
    forget(tenant, path).catch((error: unknown) => {
      log({ level: "warn", event: "removal failed", backend: name, path, error });
    }),
  );
  await Promise.all(removals);
}

/**
 * Renders pictures one at a time, since each takes tens of MiB. Rendering yields between pieces, so
 * that other requests are served.
 */
function renderOne(decoder: AppDependencies["decoder"]): Render {
  const render = renderer({ decoder, webp: workerdWebpEncoder(), pause: yieldToEventLoop });
  const runExclusive = createMutex();
  return (task, requester) =>
    task.photograph === undefined
      ? render(task)
      : runExclusive(() => render(task), { ...requester, images: 1 });
}

function computeOf(
  env: Env,
  models: AppDependencies["models"],
  stores: EdgeStoresOf,
  gpus: readonly GuardedBackend[],
  decoder: AppDependencies["decoder"],
  log: Log,
): Compute {
  const segmenter = memoize(() =>
    createSegmenter({
      model: modelFiles(env.ASSETS, MODEL),
      runtime: workerdRuntime(),
      decoder,
    }),
  );
  const wasm = localCompute({
    name: "wasm",
    reason: "",
    segmenter,
    runExclusive: createMutex(),
  });
  const known = async ({ tenant, model, images }: ComputeJob) => {
    const { features } = stores(tenant);
    const found = await Promise.all(
      images.map(({ sha256 }) => features.has(`${model.digest}/${sha256}`)),
    );
    return found.filter(Boolean).length;
  };
  const limits = {
    preferred: positive("WASM_PREFERRED_MS", env.WASM_PREFERRED_MS, PREFERRED_WASM_COST),
    most: positive("WASM_MAX_MS", env.WASM_MAX_MS, MAX_WASM_COST),
  };
  const cost = async () => {
    const [model] = await models();
    return costOf((model as ModelDescription).manifest.input);
  };
  return dispatch({ wasm, decoder, cost, limits, gpus, known, log });
}

/** The dependencies whose bindings and settings are optional. */
function optional(env: Env, log: Log): Partial<AppDependencies> {
  const authenticate = authenticationOf(env, log);
  const origins = webOrigins("ORIGINS", env.ORIGINS);
  const urlHosts = hostNames("URL_HOSTS", env.URL_HOSTS);
  const webhookHosts = hostNames("WEBHOOK_HOSTS", env.WEBHOOK_HOSTS);
  const linkSecret = longSecret("LINK_SECRET", env.LINK_SECRET);
  const isUnlimited = flag("RATE_LIMITS", env.RATE_LIMITS, ["off", "on"]);
  const hasJobs = env.JOBS && env.QUEUE && env.BUCKET;
  const hasBatches = env.BATCHES && env.BATCH_RUNS && env.BUCKET;
  const photographs = env.BATCH_BUCKET;
  const leases = stubs<SharedLease>(env.FLIGHTS);
  const rates = {
    bindings: {
      ...(env.RATE_READ && { read: env.RATE_READ }),
      ...(env.RATE_WRITE && { write: env.RATE_WRITE }),
      ...(env.RATE_COMPUTE && { compute: env.RATE_COMPUTE }),
      ...(env.RATE_AUTHENTICATION && { authentication: env.RATE_AUTHENTICATION }),
    },
    ...(env.RATES && {
      counterOf: stubs<{ count(limit: number): Promise<Count> }>(env.RATES),
    }),
    log,
  };
  return {
    ...(authenticate && { authenticate }),
    ...(!isUnlimited && { rates: edgeRateLimiter(rates) }),
    ...(env.FLIGHTS && { singleFlight: sharedSingleFlight({ stubOf: leases, waitUntil, log }) }),
    ...(hasJobs && { jobs: edgeJobs(stubs<JobStub>(env.JOBS)) }),
    ...(hasBatches && { batches: edgeBatches(stubs<BatchStub>(env.BATCHES)) }),
    ...(photographs && { batchBucket: (tenant: string) => batchBucket(photographs, tenant) }),
    ...(origins.length > 0 && { origins }),
    ...(urlHosts.length > 0 && { urls: { hosts: urlHosts } }),
    ...(webhookSecret(env) && { webhookHosts }),
    ...(linkSecret && { links: { secret: linkSecret, lifetime: LINK_LIFETIME } }),
    ...(env.ANALYTICS && { analytics: edgeAnalytics(env.ANALYTICS) }),
  };
}

async function readinessOf(gpus: readonly GuardedBackend[]): Promise<BackendState[]> {
  const states = gpus.map(async ({ name, breaker, isReady }) => {
    const ready = await isReady(new AbortController().signal);
    const circuit = breaker.state === "closed" ? "" : `, circuit ${breaker.state}`;
    return { name, ready, reason: (ready ? "readyz is ok" : "readyz is not ok") + circuit };
  });
  return [{ name: "wasm", ready: true, reason: "in this Worker" }, ...(await Promise.all(states))];
}

/** Looks up stubs of Durable Objects by name, typed by the methods that are called on them. */
function stubs<T>(namespace: DurableObjectNamespace | undefined): (name: string) => T {
  return (name) => {
    if (namespace === undefined) throw new Error("the Durable Object is not bound");
    return namespace.get(namespace.idFromName(name)) as unknown as T;
  };
}
