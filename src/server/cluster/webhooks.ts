import type { Job as QueuedJob } from "bullmq";
import { deliverWebhook, type Log, webhookRetryDelay } from "../../app/index.ts";
import { loadOptional } from "../../optional-package.ts";
import { type ClusterConnection, PREFIX, promptly, scrubbed } from "./connection.ts";
import { hasEnded, type JobRecord, type JobRecords, UNTOLD } from "./job-records.ts";

export interface WebhookOptions {
  /** Signs deliveries: `whsec_` and base64 of 24 to 64 bytes. */
  readonly secret: string;
}

export interface WebhookQueueOptions extends WebhookOptions {
  readonly connection: ClusterConnection;
  readonly records: JobRecords;
  readonly log: Log;
}

export interface Webhooks {
  /** Delivers a job's webhook once, if the job has ended and has one. */
  tell(record: JobRecord): Promise<void>;
  stop(): Promise<void>;
}

/** The first delivery and those of `webhookRetryDelay`. */
const MAX_DELIVERIES = 10;

/**
 * Deliveries of webhooks, each by one of the servers. A receiver gets a delivery once, unless its
 * response is lost or the server dies before it has recorded it. Then the same `webhook-id` is sent
 * again.
 */
export async function webhookQueue({
  secret,
  connection,
  records,
  log,
}: WebhookQueueOptions): Promise<Webhooks> {
  const { Queue, Worker } = await loadOptional("bullmq", () => import("bullmq"));
  const shared = { prefix: PREFIX, skipVersionCheck: true };
  const queue = new Queue<{ name: string }>("webhooks", {
    ...{ ...shared, connection: connection.patient() },
    defaultJobOptions: {
      attempts: MAX_DELIVERIES,
      backoff: { type: "custom" },
      removeOnComplete: true,
      removeOnFail: { count: 10_000, age: 7 * 24 * 3600 },
    },
  });
  const told = (name: string) => connection.commands.srem(UNTOLD, name);

  async function deliver({ data: { name }, attemptsMade }: QueuedJob<{ name: string }>) {
    const state = await records.of(name).state();
    const webhook = state?.request.webhook;
    if (state === undefined || webhook === undefined) return void (await told(name));
    const outcome = await deliverWebhook(state.job, webhook, secret);
    const isLast = outcome !== "failed" || attemptsMade + 1 >= MAX_DELIVERIES;
    if (isLast) await told(name);
    if (outcome === "delivered") return;
    const { id: job } = state.job;
    log({ level: "warn", event: "webhook failed", job, outcome, deliveries: attemptsMade + 1 });
    if (outcome === "failed") throw new Error(`the webhook of ${job} was not taken`);
  }

  const worker = new Worker("webhooks", deliver, {
    ...{ ...shared, connection: connection.patient(), concurrency: 8 },
    lockDuration: 30_000,
    settings: { backoffStrategy: (attemptsMade) => webhookRetryDelay(attemptsMade) ?? 0 },
  });
  const onError = (error: Error) =>
    log({ level: "warn", event: "queue failed", error: scrubbed(error) });
  worker.on("error", onError);
  queue.on("error", onError);
  return {
    async tell(record) {
      const state = await record.state();
      if (state === undefined || !hasEnded(state) || state.request.webhook === undefined) return;
      if ((await connection.commands.sismember(UNTOLD, record.name)) === 0) return;
      await promptly(queue.add("webhook", { name: record.name }, { jobId: record.name }));
    },
    async stop() {
      await worker.close();
      await queue.close();
    },
  };
}
