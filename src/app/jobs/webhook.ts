import { Webhook } from "standardwebhooks";
import type { Job } from "./types.ts";

/**
 * Milliseconds between a failed delivery and the next: 10 deliveries in a little more than a day.
 * Standard Webhooks ("Deliverability and reliability") recommends several days at most.
 */
const RETRY_DELAYS = [5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200].map((s) => 1000 * s);

/** How long a receiver may take to respond, in milliseconds. */
const TIMEOUT = 15_000;

/** Milliseconds until the next delivery after `tried` failed ones. Undefined: there is none. */
export function webhookRetryDelay(tried: number): number | undefined {
  return RETRY_DELAYS[tried - 1];
}

/** `delivered`: status 2xx. `gone`: status 410, so there is no retry. `failed`: anything else. */
export type Delivery = "delivered" | "gone" | "failed";

/**
 * Sends one webhook with a job's outcome: a POST signed as Standard Webhooks 1.0 says (`webhook-id`,
 * `webhook-timestamp`, `webhook-signature: v1,...`). Redirects are not followed, since only the
 * receiver's host was checked.
 *
 * @param secret `whsec_` and base64 of 24 to 64 bytes
 */
export async function deliverWebhook(job: Job, url: string, secret: string): Promise<Delivery> {
  const id = `msg_${job.id}`;
  const now = new Date();
  const body = JSON.stringify({ type: `job.${job.status}`, timestamp: job.updated, data: job });
  try {
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT),
      headers: {
        "content-type": "application/json",
        "user-agent": "cosal",
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
        "webhook-signature": new Webhook(secret).sign(id, now, body),
      },
      body,
    });
    await response.body?.cancel();
    if (response.ok) return "delivered";
    return response.status === 410 ? "gone" : "failed";
  } catch {
    return "failed";
  }
}
