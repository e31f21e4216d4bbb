import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import type { Logger } from "pino";
import {
  type BackendState,
  type Compute,
  createApp,
  jobRunner,
  memoryFlights,
} from "../app/index.ts";
import { nodeWebpEncoder } from "../codec/node.ts";
import { describeModel } from "../engine/index.ts";
import { documentation, modelFiles } from "./assets.ts";
import { serverCompute } from "./compute/compute.ts";
import { serverSegmenter } from "./compute/network.ts";
import { decoderPool } from "./decoding/pool.ts";
import type { Bounds } from "./device/bounds.ts";
import type { DeviceProgram } from "./device/process.ts";
import { type DeviceEvent, Supervisor } from "./device/supervisor.ts";
import { Admission, type AdmissionLimits } from "./http/admission.ts";
import { admitted } from "./http/admitted.ts";
import { authenticator, withCheckedBody } from "./http/authentication.ts";
import { diskJobs } from "./jobs/disk-jobs.ts";
import { ADMISSION, serverLimits } from "./limits.ts";
import { appLog } from "./observe/log.ts";
import { Metrics } from "./observe/metrics.ts";
import type { ServerOptions } from "./options.ts";
import { sibling } from "./sibling.ts";
import { serverStores } from "./storage/stores.ts";
import { warmUp } from "./warm-up.ts";

const MODEL = "cosal-lite";

/** What a test puts in the place of the server's own. */
export interface ServerParts {
  readonly program?: DeviceProgram;
  readonly bounds?: Partial<Bounds>;
  readonly admission?: AdmissionLimits;
}

export interface Server {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  readonly device: Supervisor;
  /** Lets nobody in any more, lets those who are in finish for `grace` milliseconds, and ends. */
  stop(grace: number): Promise<void>;
}

/**
 * The app on this machine: HTTP, stores, queue and batches in this process, the network in another.
 * Resolves when it listens and has computed a first, small group.
 *
 * @throws DeviceUnusable when the runtime is not there
 */
export async function startServer(
  options: ServerOptions,
  logger: Logger,
  parts: ServerParts = {},
): Promise<Server> {
  const log = appLog(logger);
  const admission = new Admission(parts.admission ?? ADMISSION);
  const stores = await serverStores({
    path: options.data,
    bytes: options.dataBytes,
    onLookUp: (found) => metrics.onLookUp(found),
  });
  const device = new Supervisor({
    program: parts.program ?? {
      file: sibling(import.meta.url, "device/main"),
      args: [options.runtime],
    },
    ...(parts.bounds && { bounds: parts.bounds }),
    onEvent: (event) => {
      metrics.onDevice(event);
      logDevice(logger, event);
    },
  });
  const metrics = new Metrics({ admission, stores, device: () => device.status });
  const decoder = decoderPool();
  const model = modelFiles(MODEL);
  const opened = await open().catch(async (error) => {
    await Promise.all([device.stop(), decoder.close()]);
    stores.close();
    throw error;
  });

  async function open() {
    const { runtime } = await device.started;
    const description = await describeModel(model);
    const segmenter = await serverSegmenter(
      { model, decoder, supervisor: device, metrics },
      runtime,
    );
    const computing = { runtime, segmenter, stores: stores.of, admission, metrics };
    return { runtime, description, segmenter, compute: serverCompute(computing) };
  }

  let isWarm = false;
  const { runtime, description, segmenter } = opened;
  const compute: Compute = opened.compute;
  const host = {
    models: async () => [description],
    stores: stores.of,
    compute,
    decoder,
    webp: nodeWebpEncoder(),
    limits: serverLimits(runtime),
    log,
    readiness: async (): Promise<BackendState[]> => {
      const { state, reason } = device.status;
      const ready = state === "ready" && isWarm && !admission.isDraining;
      const said = admission.isDraining ? "stopping" : isWarm ? state : "warming up";
      return [{ name: runtime, ready, reason: ready || !reason ? said : `${said}: ${reason}` }];
    },
    analytics: metrics.count,
    // Requests and jobs for the same group wait for each other.
    flights: memoryFlights(),
    docsAsset: documentation,
  };
  const authenticate = authenticator(options);
  const jobs = await diskJobs({ path: join(options.data, "1", "jobs"), run: jobRunner(host) });
  const app = createApp({ ...host, jobs, ...(authenticate && { authenticate }) });
  const inApp = admitted(
    (request) => app.fetch(withCheckedBody(request)),
    admission,
    host.limits.bodyBytes,
  );
  const server = createAdaptorServer({
    async fetch(request) {
      if (new URL(request.url).pathname !== "/metrics") return inApp(request);
      const { registry } = metrics;
      return new Response(await registry.metrics(), {
        headers: { "content-type": registry.contentType, "cache-control": "no-store" },
      });
    },
  });

  async function stop(grace: number): Promise<void> {
    server.close();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, grace);
    await Promise.race([admission.drain(), late.promise]);
    clearTimeout(timer);
    await jobs.stop();
    if ("closeAllConnections" in server) server.closeAllConnections();
    await Promise.all([device.stop(), decoder.close()]);
    stores.close();
  }

  try {
    server.listen(options.port, options.host);
    await once(server, "listening");
    await warmUp(segmenter);
    isWarm = true;
  } catch (error) {
    await stop(0);
    throw error;
  }
  const { address, port, family } = server.address() as AddressInfo;
  const url = `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  if (authenticate === undefined) {
    logger.warn({ url }, "no COSAL_BACKEND_SECRET and no API_KEY_LIST: open to this machine");
  }
  logger.info({ url, runtime, model: description.manifest.name }, "listening");
  return { url, device, stop };
}

function logDevice(logger: Logger, event: DeviceEvent): void {
  if (event.kind === "run") return;
  const { kind, ...fields } = event;
  logger[kind === "lost" ? "error" : "info"](fields, `device ${kind}`);
}
