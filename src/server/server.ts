import type { Logger } from "pino";
import { createApp } from "../app/index.ts";
import type { Supervisor } from "./device/supervisor.ts";
import { openHost, type ServerParts } from "./host.ts";
import { limitAdmission } from "./http/admission-control.ts";
import { withCheckedBody } from "./http/authentication.ts";
import { forRequester } from "./http/current-request.ts";
import { listen } from "./http/listener.ts";
import type { ServerOptions } from "./options.ts";
import { type DataFolder, openDataFolder } from "./storage/data-folder.ts";
import { warmUp } from "./warm-up.ts";

export interface Server {
  /** Its address, without a slash at the end. */
  readonly url: string;
  readonly device: Supervisor;
  /** Accepts no more requests, waits at most `grace` milliseconds for those in progress, and ends. */
  stop(grace: number): Promise<void>;
}

/**
 * The app on this machine. HTTP, stores, queue and batches are in this process, the network is in another
 * one. Resolves when the server listens and has computed a first, small group.
 *
 * @throws DeviceUnusable if the runtime does not exist
 */
export async function startServer(
  options: ServerOptions,
  logger: Logger,
  parts: ServerParts = {},
): Promise<Server> {
  const { host: address, port, proxies } = options;
  const listener = await listen(address, port, proxies && { proxies });
  let folder: DataFolder | undefined;
  try {
    folder = await openDataFolder(options.data, options.dataBytes, listener.url);
    const opened = await openHost(options, folder, logger, parts);
    const { admission, authenticate, device, host, metrics, segmenter } = opened;
    const { jobs, batches } = opened;
    const app = createApp({
      ...host,
      jobs,
      ...(batches && { batches }),
      ...(authenticate && { authenticate }),
    });
    const inApp = limitAdmission(
      forRequester((request) => app.fetch(withCheckedBody(request))),
      admission,
      host.limits.bodyBytes,
    );
    listener.serve((request) =>
      new URL(request.url).pathname === "/metrics" ? metrics.response() : inApp(request),
    );

    async function stop(grace: number): Promise<void> {
      listener.close();
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, grace);
      await Promise.race([admission.drain(), late.promise]);
      clearTimeout(timer);
      await Promise.all([jobs.stop(), batches?.stop()]);
      listener.cut();
      await opened.close();
      folder?.close();
    }

    await warmUp(segmenter).catch(async (error) => {
      await stop(0);
      throw error;
    });
    opened.isWarm = true;
    const { url } = listener;
    if (authenticate === undefined) {
      logger.warn({ url }, "no COSAL_BACKEND_SECRET and no API_KEY_LIST: open to this machine");
    }
    const { runtime } = opened;
    logger.info({ url, runtime, model: segmenter.name }, "listening");
    return { url, device, stop };
  } catch (error) {
    folder?.close();
    listener.close();
    listener.cut();
    throw error;
  }
}
