import type { Logger } from "pino";
import {
  type AppDependencies,
  type Authenticator,
  type BackendState,
  batchRunner,
  FAILED_ATTEMPTS,
  jobRunner,
  type LocalBatches,
  localBatches,
  memoryRateLimiter,
  memorySingleFlight,
  resultDelivery,
} from "../app/index.ts";
import { describeModel, type Segmenter } from "../engine/index.ts";
import { entryPoint } from "../entry-point.ts";
import { documentation, modelFiles, pageFile } from "./assets.ts";
import { diskBatchStorage } from "./batches/disk-batch-storage.ts";
import { currentGroup } from "./batching/current-group.ts";
import { batchBucket } from "./bucket/batch-bucket.ts";
import type { BucketTimeouts } from "./bucket/bucket.ts";
import { openBucket } from "./bucket/open.ts";
import { clusterBatchStorage } from "./cluster/batch-storage.ts";
import { ClusterConnection, scrubbed } from "./cluster/connection.ts";
import { clusterDeletions } from "./cluster/deletions.ts";
import { clusterSingleFlight } from "./cluster/leases.ts";
import { sharedNonces } from "./cluster/nonces.ts";
import { queuedJobs } from "./cluster/queued-jobs.ts";
import { sharedRateLimiter } from "./cluster/rate-limiter.ts";
import { serverCompute } from "./compute/compute.ts";
import { serverSegmenter } from "./compute/network.ts";
import type { DeviceLimits } from "./device/limits.ts";
import type { DeviceProgram } from "./device/process.ts";
import type { RuntimeName } from "./device/protocol.ts";
import { type DeviceEvent, Supervisor } from "./device/supervisor.ts";
import { Admission, type AdmissionLimits } from "./http/admission.ts";
import { authenticator } from "./http/authentication.ts";
import { addressOf } from "./http/caller-address.ts";
import { currentRequest } from "./http/current-request.ts";
import { NonceFile } from "./http/nonce-file.ts";
import { imagingPool } from "./imaging/pool.ts";
import { type DiskJobs, diskJobs } from "./jobs/disk-jobs.ts";
import { ADMISSION, batchLimits, CLUSTER_BATCH_BYTES, serverLimits } from "./limits.ts";
import type { ServerOptions } from "./options.ts";
import type { DataFolder, StoredKind } from "./storage/data-folder.ts";
import type { OnFault } from "./storage/store-fault.ts";
import { serverStores } from "./storage/stores.ts";
import { appLog } from "./telemetry/log.ts";
import { Metrics } from "./telemetry/metrics.ts";

const MODEL = "cosal-lite";

/** Photographs are larger than other objects, and nobody waits for those of batches. */
const PHOTOGRAPH_TIMEOUTS: BucketTimeouts = { read: 30_000, write: 30_000, check: 800 };

/** Replacements for tests. */
export interface ServerParts {
  readonly program?: DeviceProgram;
  readonly deviceLimits?: Partial<DeviceLimits>;
  readonly admission?: AdmissionLimits;
  readonly authenticate?: Authenticator;
}

/** The app's interfaces on this machine. */
export interface Host {
  readonly runtime: RuntimeName;
  readonly host: AppDependencies;
  readonly authenticate: Authenticator | undefined;
  readonly admission: Admission;
  readonly device: Supervisor;
  readonly metrics: Metrics;
  readonly segmenter: Segmenter;
  readonly jobs: DiskJobs;
  /** Undefined if servers share their jobs. */
  readonly batches: LocalBatches;
  /** Whether a first group has been computed. Until then, the server is not ready. */
  isWarm: boolean;
  close(): Promise<void>;
}

/**
 * The app's interfaces on this machine: stores in a folder, decoding in threads, the network in its own
 * process.
 *
 * @throws DeviceUnusable if the runtime does not exist
 */
export async function openHost(
  options: ServerOptions,
  folder: DataFolder,
  logger: Logger,
  parts: ServerParts,
): Promise<Host> {
  const admission = new Admission(parts.admission ?? ADMISSION);
  const metrics = new Metrics();
  const onFault =
    (store: StoredKind | "nonces" | "bucket"): OnFault =>
    (fault, error) => {
      metrics.onStoreFault(store, fault);
      logger.warn({ store, fault, error }, "store fault");
    };
  const model = modelFiles(MODEL);
  const description = await describeModel(model);
  const models = async () => [description];
  const bucket = options.store && (await openBucket(options.store, logger));
  const photographs =
    options.batchBucket && (await openBucket(options.batchBucket, logger, PHOTOGRAPH_TIMEOUTS));
  const cluster =
    options.queue === undefined
      ? undefined
      : await ClusterConnection.open({
          url: options.queue,
          onError: (error) => logger.warn({ error }, "redis failed"),
        });
  const stores = await serverStores({
    folder,
    onLookUp: (found) => metrics.onLookUp(found),
    onFault,
    ...(bucket && {
      shared: {
        ...{ bucket, models, log: appLog(logger) },
        deletions: cluster && clusterDeletions(cluster),
      },
    }),
  });
  const onRedisFault = (error: unknown) => {
    metrics.onStoreFault("redis", "read");
    logger.warn({ error: scrubbed(error as Error) }, "redis failed");
  };
  const nonces =
    options.secret === undefined
      ? undefined
      : await NonceFile.open(folder.nonces, {
          onFault: (error) => onFault("nonces")("write", error),
        });
  const device = new Supervisor({
    program: parts.program ?? {
      file: entryPoint(import.meta.url, "device/main"),
      args: [options.runtime],
    },
    ...(parts.deviceLimits && { limits: parts.deviceLimits }),
    onEvent: (event) => {
      metrics.onDevice(event);
      logDevice(logger, event);
    },
  });
  const imaging = imagingPool({ requester: () => currentGroup() ?? currentRequest() });
  const { decoder, render } = imaging;

  async function close(): Promise<void> {
    await Promise.all([device.stop(), imaging.close(), nonces?.close(), stores.settled?.()]);
    stores.close();
    cluster?.close();
  }

  async function open(): Promise<Host> {
    const { runtime } = await device.started;
    const network = { model, decoder, supervisor: device, metrics };
    const segmenter = await serverSegmenter(network, runtime);
    const host: AppDependencies = {
      models,
      stores: stores.of,
      compute: serverCompute({ runtime, segmenter, admission, metrics }),
      decoder,
      render,
      limits: serverLimits(runtime),
      log: appLog(logger),
      readiness: async () => [readiness(opened)],
      storage: async () => [
        diskState(await folder.problem()),
        ...(stores.state ? [await stores.state()] : []),
        ...(cluster ? [await cluster.state()] : []),
      ],
      analytics: metrics.count,
      // Requests and jobs for the same group wait for each other.
      singleFlight: cluster ? clusterSingleFlight(cluster, appLog(logger)) : memorySingleFlight(),
      addressOf,
      // The only limits here are those of keys.
      ...(options.keys && {
        rates: cluster
          ? sharedRateLimiter(cluster.commands, { authentication: FAILED_ATTEMPTS }, onRedisFault)
          : memoryRateLimiter({}),
      }),
      ...(options.webhooks && { webhookHosts: options.webhooks.hosts }),
      ...(photographs && { batchBucket: (tenant) => batchBucket(photographs, tenant) }),
      docsAsset: documentation,
      pageFile,
    };
    const { secret, keys } = options;
    const taken = cluster && nonces ? sharedNonces(cluster.commands, nonces, onRedisFault) : nonces;
    const authenticate =
      parts.authenticate ??
      authenticator({ keys, ...(secret && taken && { workers: { secret, nonces: taken } }) });
    const run = jobRunner(host);
    const jobs = cluster
      ? await queuedJobs({
          ...{ connection: cluster, run, log: appLog(logger), running: options.jobs },
          ...(options.webhooks && { webhooks: options.webhooks }),
        })
      : await diskJobs({ ...folder.jobs, run, onFault: onFault("jobs"), running: options.jobs });
    const storage = cluster
      ? clusterBatchStorage(cluster, CLUSTER_BATCH_BYTES)
      : await diskBatchStorage({ ...folder.batches, onFault: onFault("batches") });
    const batches = await localBatches({
      storage,
      run: batchRunner(host),
      deliver: resultDelivery(host),
      limits: batchLimits(storage.bytes),
      price: options.hourPrice,
      isComputing: options.jobs !== 0,
    });
    const sizes = () => ({
      ...{ ...stores.sizes(), jobs: jobs.size },
      batches: cluster ? 0 : batches.size,
    });
    metrics.observe({ admission, sizes, device: () => device.status });
    const kept = { jobs, batches };
    const shared = { runtime, host, authenticate, admission, device, metrics, segmenter };
    const opened: Host = { ...shared, ...kept, close, isWarm: false };
    return opened;
  }

  return open().catch(async (error) => {
    await close();
    throw error;
  });
}

function readiness({ runtime, device, admission, isWarm }: Host): BackendState {
  const { state, reason } = device.status;
  const ready = state === "ready" && isWarm && !admission.isDraining;
  const said = admission.isDraining ? "stopping" : isWarm ? state : "warming up";
  return { name: runtime, ready, reason: ready || !reason ? said : `${said}: ${reason}` };
}

function diskState(problem: string | undefined): BackendState {
  return { name: "disk", ready: problem === undefined, reason: problem ?? "it takes files" };
}

function logDevice(logger: Logger, event: DeviceEvent): void {
  if (event.kind === "run") return;
  const { kind, ...fields } = event;
  logger[kind === "lost" ? "error" : "info"](fields, `device ${kind}`);
}
