import { runDurableObjectAlarm } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { describe, expect, it, vi } from "vitest";
import { jobName } from "./edge-jobs.ts";
import { isBroken, jobs, pass, request, stubOf, succeeds, take, useQueue } from "./testing.ts";

useQueue();

describe("a job's webhook", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const webhook = "https://hooks.example/cosal";

  function receiver(...statuses: number[]) {
    const received: { url: string; method: string; headers: Headers; body: string }[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init = {}) => {
      const { method = "GET", body } = init;
      const headers = new Headers(init.headers as Record<string, string>);
      received.push({ url: String(url), method, headers, body: String(body) });
      return new Response(null, { status: statuses.shift() ?? 200 });
    });
    return received;
  }

  async function ended(run = succeeds) {
    const job = await jobs.submit({ request: request({ webhook }) });
    await take(job, run);
    return { job, stub: stubOf(jobName("", job.id)) };
  }

  it("reports the end, signed as Standard Webhooks says", async () => {
    const received = receiver(204);
    const { job, stub } = await ended();
    await vi.waitFor(() => expect(received).toHaveLength(1));
    await runDurableObjectAlarm(stub);
    expect(received).toHaveLength(1);
    const delivery = received[0]!;
    expect([delivery.method, delivery.url]).toEqual(["POST", webhook]);
    const headers = Object.fromEntries(delivery.headers);
    expect(new Webhook(secret).verify(delivery.body, headers)).toMatchObject({
      type: "job.succeeded",
      data: { id: job.id, status: "succeeded" },
    });
    expect(headers["webhook-id"]).toBe(`msg_${job.id}`);
    expect(() => new Webhook(btoa("another secret")).verify("{}", headers)).toThrow();
  });

  it("reports failures too", async () => {
    const received = receiver();
    await ended(isBroken);
    await vi.waitFor(() => expect(received).toHaveLength(1));
    expect(JSON.parse(received[0]!.body)).toMatchObject({
      type: "job.failed",
      data: { problem: { code: "image_undecodable" } },
    });
  });

  it("is retried with growing delays and the same id until it is delivered", async () => {
    const received = receiver(500, 302, 503, 200);
    const { stub } = await ended();
    await vi.waitFor(() => expect(received).toHaveLength(1));
    for (const pause of [5, 30, 120]) {
      const count = received.length;
      await runDurableObjectAlarm(stub);
      expect(received).toHaveLength(count);
      pass(1000 * pause + 1);
      await runDurableObjectAlarm(stub);
      expect(received).toHaveLength(count + 1);
    }
    expect(new Set(received.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    pass(100_000_000);
    await runDurableObjectAlarm(stub);
    expect(received).toHaveLength(4);
  });

  it("is not retried after 410 Gone", async () => {
    const received = receiver(410);
    const { stub } = await ended();
    await vi.waitFor(() => expect(received).toHaveLength(1));
    pass(100_000);
    await runDurableObjectAlarm(stub);
    expect(received).toHaveLength(1);
  });
});
