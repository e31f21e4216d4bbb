import { connect } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { contentDigest, sign } from "../../src/app/access/request-signature.ts";
import { signedTenant } from "../../src/app/access/signed-tenant.ts";
import { bearer, keyOf } from "../../src/app/access/testing.ts";
import { FAILED_ATTEMPTS, type JobBody, newKey } from "../../src/app/index.ts";
import { encodeGreyPng } from "../../src/codec/index.ts";
import { group, jobOf, problem } from "../responses.ts";
import { RUNTIME, SOON } from "./device.ts";
import {
  expectedLogits,
  formOf,
  maskDifference,
  type Photograph,
  photographs,
  start,
  startsServers,
  storedLogits,
} from "./servers.ts";

startsServers();
afterEach(() => {
  vi.useRealTimers();
});

describe("the server", () => {
  it("gives the engine's masks, and gives them again from its store", async () => {
    const server = await start();
    const cats = await photographs("cats");
    const body = await group(await server.post(cats));
    expect(body).toMatchObject({ backend: RUNTIME, cache: "miss" });
    const found = await storedLogits(server, body);
    for (const [name, logits] of await expectedLogits(cats)) {
      expect(maskDifference(found.get(name)!, logits)).toBeLessThan(1e-3);
    }
    expect((await group(await server.post(cats))).cache).toBe("hit");
    expect(await server.metric("cosal_batch_images_sum")).toBe(cats.length + 2 * 2);
    // Of a group that has one photograph more, one is encoded.
    const [hat] = await photographs("hats");
    await group(await server.post([...cats, hat!]));
    expect(await server.metric("cosal_batch_images_sum")).toBe(cats.length + 2 * 2 + 1);
  });

  it("says what is wrong with a photograph, and goes on", async () => {
    const server = await start();
    const [cat] = await photographs("cats");
    const broken: Photograph = { name: "broken.jpg", bytes: cat!.bytes.slice(0, 900) };
    const response = await server.post([cat!, broken]);
    expect(response.status).toBe(422);
    expect(await problem(response)).toMatchObject({ code: "image_undecodable" });
    const skipped = await group(await server.post([cat!, broken], {}, "?on_error=skip"));
    expect(skipped.images.length + skipped.skipped.length).toBe(2);
  });

  it("serves its description, metrics and readiness, and passes ids on", async () => {
    const { url, metric, log, post } = await start();
    for (const path of ["/healthz", "/readyz", "/openapi.json", "/docs", "/docs/swagger-ui.css"]) {
      expect((await fetch(url + path)).status, path).toBe(200);
    }
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const headers = { "x-request-id": "abc-1", traceparent };
    const response = await post(await photographs("cats", 0, 2), { headers });
    expect(response.headers.get("x-request-id")).toBe("abc-1");
    expect(response.headers.get("traceparent")).toBe(traceparent);
    expect(log).toContainEqual(
      expect.objectContaining({ event: "request", request: "abc-1", traceparent, images: 2 }),
    );
    expect(await metric('cosal_device_state{state="ready"}')).toBe(1);
    expect(await metric("cosal_device_memory_bytes")).toBeGreaterThan(1e7);
    expect(await metric('cosal_groups_total{cache="miss"}')).toBe(1);
  });
});

describe("a large file", () => {
  it("is made beside the thread that answers", async () => {
    const server = await start();
    const rows = Array<Uint8Array>(4000).fill(new Uint8Array(6000).fill(80));
    const bytes = await encodeGreyPng(6000, 4000, rows);
    const body = await group(
      await server.post([{ name: "large.png", bytes }], {}, "?output=cutout"),
    );
    const order: string[] = [];
    const file = fetch(server.url + body.images[0]!.cutout!.url).then(({ status }) =>
      order.push(`cut-out ${status}`),
    );
    // Sent when the cut-out has been begun, and answered before it is done.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await fetch(`${server.url}/healthz`).then(({ status }) => order.push(`alive ${status}`));
    await file;
    expect(order).toEqual(["alive 200", "cut-out 200"]);
  });
});

describe("a full server", () => {
  it("refuses with Retry-After before the body is read", async () => {
    const server = await start({}, { admission: { bytes: 1000, images: 1000 } });
    const open = (length: number) => {
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
      const head = `POST /v1/groups HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${length}\r\n\r\n`;
      socket.write(head);
      return socket;
    };
    // One is let in, although it never sends all of its body.
    const first = open(900);
    first.write(new Uint8Array(600));
    await expect.poll(() => server.metric("cosal_queue_bytes"), SOON).toBe(600);
    const second = open(200);
    const [answer] = await new Promise<[Buffer]>((resolve) =>
      second.once("data", (data) => resolve([data])),
    );
    expect(String(answer)).toMatch(/^HTTP\/1.1 503 /);
    expect(String(answer)).toMatch(/\r\nretry-after: [1-9]/i);
    expect(String(answer)).toContain("application/problem+json");
    second.destroy();
    first.destroy();
    await expect.poll(() => server.metric("cosal_queue_requests"), SOON).toBe(0);
    expect((await server.post(await photographs("cats", 0, 1))).status).toBe(200);
  });

  it("refuses more images than it may compute at once", async () => {
    const server = await start({}, { admission: { bytes: 1e9, images: 4 } });
    const [cats, hats] = [await photographs("cats"), await photographs("hats")];
    const first = server.post(cats);
    await expect.poll(() => server.metric("cosal_queue_images"), SOON).toBe(8);
    const refused = await server.post(hats);
    expect(refused.status).toBe(503);
    expect(await problem(refused)).toMatchObject({ code: "backend_unavailable" });
    await group(await first);
    await group(await server.post(hats));
  });

  it("drops the work of a caller who leaves", async () => {
    const server = await start();
    const leave = new AbortController();
    const init = { signal: leave.signal };
    const many = (
      await Promise.all(["cats", "hats", "shoes"].map((kind) => photographs(kind)))
    ).flat();
    const outcome = server.post(many, init).catch((error) => error.name);
    await expect.poll(() => server.metric("cosal_batch_images_count"), SOON).toBeGreaterThan(3);
    leave.abort();
    expect(await outcome).toBe("AbortError");
    await expect.poll(() => server.metric("cosal_queue_images"), SOON).toBe(0);
    const count = 'cosal_run_seconds_count{graph="decoder"}';
    const after = await server.metric(count);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await server.metric(count)).toBe(after);
    expect(after).toBeLessThan(many.length);
  });
});

describe("a server that stops", () => {
  it("lets who is in finish, and nobody else in", async () => {
    const server = await start();
    const body = server.post(await photographs("cats")).then(group);
    await expect.poll(() => server.metric("cosal_queue_images"), SOON).toBe(8);
    const stopped = server.stop(20_000);
    expect((await body).images).toHaveLength(8);
    await stopped;
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });

  it("leaves its jobs to the next", async () => {
    const first = await start();
    const hats = await photographs("hats");
    const response = await first.post(hats, { headers: { prefer: "respond-async" } });
    const { id, group: hash } = await jobOf(response);
    await first.stop(0);
    const second = await start({ data: first.data });
    const job = async () => (await fetch(`${second.url}/v1/jobs/${id}`)).json() as Promise<JobBody>;
    await expect.poll(async () => (await job()).status, SOON).toBe("succeeded");
    const stored = await group(await fetch(`${second.url}/v1/groups/${hash}`));
    expect(stored.images).toHaveLength(8);
  });
});

describe("a server with keys", () => {
  it("holds each to its limits, and who guesses to a few attempts", async () => {
    const { key, record } = await keyOf("alice", { limits: { read: 5 } });
    const { url } = await start({ keys: [record] });
    // All within one minute.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    const status = async (token: string) =>
      (await fetch(`${url}/v1/models`, { headers: bearer(token) })).status;
    const statuses = async (token: () => string, count: number) => {
      const all: number[] = [];
      for (let i = 0; i < count; i++) all.push(await status(token()));
      return all;
    };
    expect(await statuses(() => key, 12)).toEqual([
      ...Array<number>(5).fill(200),
      ...Array<number>(7).fill(429),
    ]);
    const guesses = await statuses(newKey, FAILED_ATTEMPTS + 5);
    expect(guesses).toEqual([
      ...Array<number>(FAILED_ATTEMPTS).fill(401),
      ...Array<number>(5).fill(429),
    ]);
  });
});

describe("a server behind Workers", () => {
  const secret = "s".repeat(32);
  const target = "/v1/groups?output=logits";

  async function signed(cats: Photograph[], sent?: Uint8Array<ArrayBuffer>) {
    const request = new Request("http://x", { method: "POST", body: formOf(cats) });
    const body = new Uint8Array(await request.arrayBuffer());
    const digest = await contentDigest(body);
    const tenant = await signedTenant("alice", secret, 600);
    const headers = {
      ...(await sign({ method: "POST", target, digest, tenant }, secret, Date.now())),
      "content-type": request.headers.get("content-type")!,
      accept: "multipart/mixed",
    };
    return { method: "POST", body: sent ?? body, headers };
  }

  it("takes what they sign, once, and nothing else", async () => {
    const server = await start({ secret });
    const cats = await photographs("cats", 0, 2);
    const refused = await server.post(cats);
    expect([refused.status, (await problem(refused)).code]).toEqual([401, "credentials_missing"]);
    const init = await signed(cats);
    const answer = await fetch(server.url + target, init);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text.match(/^content-type: application\/vnd\.cosal\.logits/gim)).toHaveLength(2);
    expect(text).toContain("application/vnd.cosal.consensus");
    const again = await fetch(server.url + target, init);
    expect([again.status, (await problem(again)).code]).toEqual([401, "credentials_invalid"]);
    const other = await fetch(`${server.url}/v1/groups`, await signed(cats));
    expect(other.status).toBe(401);
    const changed = await fetch(
      server.url + target,
      await signed(cats, (await signed(await photographs("hats", 0, 2))).body),
    );
    expect([400, 422]).toContain(changed.status);
    for (const path of ["/healthz", "/readyz", "/metrics"]) {
      expect((await fetch(server.url + path)).status).toBe(200);
    }
    expect(JSON.stringify(server.log)).not.toContain(secret);
    expect(await server.metric('cosal_store_bytes{kind="groups"}')).toBe(0);
    expect(await server.metric('cosal_store_bytes{kind="images"}')).toBe(0);
  });

  it("takes nothing that has come before a restart", async () => {
    const first = await start({ secret });
    const init = await signed(await photographs("cats", 0, 2));
    expect((await fetch(first.url + target, init)).status).toBe(200);
    await first.stop(0);
    const second = await start({ secret, data: first.data });
    const again = await fetch(second.url + target, init);
    expect(await problem(again)).toMatchObject({
      code: "credentials_invalid",
      detail: expect.stringContaining("has come before"),
    });
  });

  it("finds a body that is not the one that was signed", async () => {
    const server = await start({ secret });
    const cats = await photographs("cats", 0, 2);
    const init = await signed(cats);
    const body = init.body.slice();
    body[Math.floor(body.length / 2)]! ^= 1;
    const response = await fetch(server.url + target, { ...init, body });
    expect(await problem(response)).toMatchObject({ code: "digest_mismatch" });
  });
});
