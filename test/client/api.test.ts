// The HTTP API, the same wherever it is served: on one machine, on several, in a Worker.
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { GroupBody, JobBody } from "../../src/app/index.ts";
import { events } from "../app-client.ts";
import { DescribedClient } from "../openapi.ts";
import { group, jobOf, problem } from "../responses.ts";
import { formOf, type Photograph, photographs } from "../server/servers.ts";
import { SERVICES, type Service } from "./services.ts";

// A Worker loads its network, servers start processes, and the machine may be busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 600_000 });

const SOON = { interval: 20, timeout: 60_000 };
const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const later = { prefer: "respond-async" };

/** Photographs that nobody has seen: what follows a JPEG's end marker is no part of it. */
async function fresh(count: number): Promise<Photograph[]> {
  const known = await photographs("raccoons", 0, count);
  return known.map(({ name, bytes }) => ({
    name,
    bytes: new Uint8Array([...bytes, ...randomBytes(8)]),
  }));
}

describe.each(SERVICES)("the API of %s", (_, start) => {
  let service: Service;
  let client: DescribedClient;
  beforeAll(async () => {
    service = await start();
    client = new DescribedClient((path, init) => fetch(service.url + path, init));
  });
  afterAll(() => service?.stop());

  const request = (path: string, init?: RequestInit) => client.request(path, init);
  const post = (files: readonly Photograph[], headers = {}, query = "") =>
    request(`/v1/groups${query}`, { method: "POST", body: formOf(files), headers });
  const postJson = (body: unknown, headers = {}) =>
    request("/v1/groups", {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  const put = ({ bytes }: Photograph) =>
    request(`/v1/images/${digestOf(bytes)}`, { method: "PUT", body: bytes });
  const statusOf = async (path: string, method = "GET") => (await request(path, { method })).status;
  const jobAt = async (path: string) => (await (await request(path)).json()) as JobBody;
  const ended = async ({ links }: JobBody) => {
    await expect
      .poll(async () => (await jobAt(links.self)).status, SOON)
      .not.toMatch(/^(queued|running)$/);
    return jobAt(links.self);
  };

  it("computes a group once, and has its masks, files and consensus at their addresses", async () => {
    const files = await fresh(2);
    const first = await group(await post(files));
    expect(first.cache).toBe("miss");
    for (let time = 0; time < 3; time++) {
      expect((await group(await post(files.toReversed()))).cache).toBe("hit");
      const stored = await group(await request(`/v1/groups/${first.id}`));
      expect(stored.images.map(({ sha256 }) => sha256).sort()).toEqual(
        files.map(({ bytes }) => digestOf(bytes)).sort(),
      );
      for (const { mask, sha256 } of first.images) {
        for (const end of ["png", "logits", "webp"]) {
          expect(await statusOf(mask.url.replace(/png$/, end))).toBe(200);
        }
        expect(await statusOf(`/v1/images/${sha256}`)).toBe(200);
        expect(await statusOf(`/v1/groups/${first.id}/cutouts/${sha256}.png`)).toBe(200);
      }
      expect(await statusOf(`/v1/groups/${first.id}/consensus`)).toBe(200);
    }
  });

  it("takes photographs one by one, and groups by their hashes", async () => {
    const files = await fresh(2);
    const images = files.map(({ bytes }) => ({ sha256: digestOf(bytes) }));
    const missing = await problem(await postJson({ images }));
    expect([missing.code, missing.missing?.length]).toEqual(["images_missing", 2]);
    expect((await put(files[0]!)).status).toBe(201);
    expect((await put(files[0]!)).status).toBe(200);
    expect((await put(files[1]!)).status).toBe(201);
    expect((await group(await postJson({ images }))).images).toHaveLength(2);
    const path = `/v1/images/${images[0]!.sha256}`;
    const sent = await request(path);
    expect(digestOf(new Uint8Array(await sent.arrayBuffer()))).toBe(images[0]!.sha256);
    const range = await request(path, { headers: { range: "bytes=0-9" } });
    expect([range.status, (await range.arrayBuffer()).byteLength]).toEqual([206, 10]);
  });

  it("masks further photographs with a group's consensus", async () => {
    const { id } = await group(await post(await fresh(2)));
    const [one] = await fresh(1);
    const body = formOf([one!]);
    const masked = await group(await request(`/v1/groups/${id}/images`, { method: "POST", body }));
    expect([masked.cache, masked.images.length]).toEqual(["miss", 1]);
    expect(await statusOf(masked.images[0]!.mask.url)).toBe(200);
  });

  it("forgets what it is told to forget", async () => {
    const files = await fresh(2);
    const body = await group(await post(files));
    const path = `/v1/groups/${body.id}`;
    // Whoever might have a copy near gets one.
    for (let time = 0; time < 4; time++) expect(await statusOf(path)).toBe(200);
    expect(await statusOf(path, "DELETE")).toBe(204);
    const [mask] = body.images.map(({ mask }) => mask.url.replace(/png$/, "logits"));
    for (const gone of [path, `${path}/consensus`, mask!]) {
      for (let time = 0; time < 2; time++) {
        await expect.poll(() => statusOf(gone), SOON).toBe(404);
      }
    }
    expect(await statusOf(path, "DELETE")).toBe(404);
    const image = `/v1/images/${body.images[0]!.sha256}`;
    expect(await statusOf(image, "DELETE")).toBe(204);
    for (let time = 0; time < 2; time++) expect(await statusOf(image)).toBe(404);
    expect((await group(await post(files))).cache).toBe("miss");
  });

  it("computes a group as a job, and tells its events everywhere", async () => {
    const files = await fresh(2);
    const job = await jobOf(await post(files, later));
    const end = await ended(job);
    expect(end).toMatchObject({ status: "succeeded", done: 2, total: 2, attempts: 1 });
    expect((await group(await request(end.links.group))).cache).toBe("hit");
    for (let time = 0; time < 2; time++) {
      const all = await events(await request(job.links.events));
      expect(all.map(({ id }) => Number(id))).toEqual(all.map((_, i) => i + 1));
      expect(all.filter(({ event }) => event === "image")).toHaveLength(2);
      expect(all.at(-1)).toMatchObject({ event: "job", data: { status: "succeeded" } });
      const rest = await request(job.links.events, { headers: { "last-event-id": "3" } });
      expect(await events(rest)).toEqual(all.slice(3));
    }
    expect((await group(await post(files, later))).cache).toBe("hit");
  });

  it("has one job for a key, which is for one request only", async () => {
    const [one, two] = [await fresh(2), await fresh(2)];
    const headers = { ...later, "idempotency-key": crypto.randomUUID() };
    const first = await jobOf(await post(one, headers));
    const refused = await problem(await post(two, headers));
    expect([refused.status, refused.code]).toEqual([422, "idempotency_mismatch"]);
    const again = await post(one, headers);
    // By now the group may be stored, and is answered at once.
    const { id } = (await again.json()) as JobBody | GroupBody;
    expect([first.id, first.group]).toContain(id);
    expect((await ended(first)).status).toBe("succeeded");
  });

  it("cancels a job, and leaves one that has ended as it is", async () => {
    const jobs = await Promise.all(
      [1, 2, 3].map(async () => jobOf(await post(await fresh(4), later))),
    );
    const { links } = jobs.at(-1)!;
    expect(await (await request(links.self, { method: "DELETE" })).json()).toMatchObject({
      status: expect.stringMatching(/cancelled|succeeded/),
    });
    const told = await events(await request(links.events));
    const { status } = await jobAt(links.self);
    expect(told.at(-1)?.data.status).toBe(status);
    await request(jobs[0]!.links.self, { method: "DELETE" });
    for (const job of jobs) await ended(job);
    expect(await statusOf("/v1/jobs/00000000-0000-4000-8000-000000000000")).toBe(404);
  });

  it("computes equal groups that come at the same time once", async () => {
    const files = await fresh(3);
    const all = await Promise.all([1, 2, 3, 4].map(async () => group(await post(files))));
    expect(all.filter(({ cache }) => cache === "miss")).toHaveLength(1);
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  });

  it("computes a batch, with one result for each photograph", async () => {
    const files = [await fresh(2), await fresh(1)];
    for (const file of files.flat()) await put(file);
    const lines = files.flatMap((group, i) =>
      group.map(({ bytes, name }) => ({ id: name, sha256: digestOf(bytes), group: `g${i}` })),
    );
    const sent = await request("/v1/batches", {
      method: "POST",
      headers: { "content-type": "application/jsonl" },
      body: lines.map((line) => JSON.stringify(line)).join("\n"),
    });
    expect(sent.status).toBe(202);
    const { links } = (await sent.json()) as JobBody & { links: { results: string } };
    await expect.poll(async () => (await jobAt(links.self)).status, SOON).toBe("completed");
    const text = await (await request(links.results)).text();
    const results = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(results.map(({ id, sha256 }) => ({ id, sha256 }))).toEqual(
      lines.map(({ id, sha256 }) => ({ id, sha256 })),
    );
    for (const { files: links } of results) expect(await statusOf(links.png.url)).toBe(200);
  });

  it("names what is wrong with a photograph", async () => {
    const [one, two] = await fresh(2);
    const damaged = { name: "damaged.jpg", bytes: two!.bytes.slice(0, 900) };
    const refused = await problem(await post([one!, damaged]));
    expect([refused.status, refused.code]).toEqual([422, "image_undecodable"]);
    expect(refused.errors?.[0]?.image).toBe("damaged.jpg");
    const body = await group(await post([one!, damaged], {}, "?on_error=skip"));
    expect(body.images.length + body.skipped.length).toBe(2);
  });
});
