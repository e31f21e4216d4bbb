import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import type { ComputeEvent, ComputeJob } from "../../src/app/index.ts";
import { decodeLogits } from "../../src/codec/index.ts";
import { encodeConsensus } from "../../src/engine/index.ts";
import { backendAt, jobOf, SECRET } from "./backend-at.ts";
import { SOON } from "./device.ts";
import {
  expectedConsensus,
  expectedLogits,
  maskDifference,
  photographs,
  start,
  startsServers,
} from "./servers.ts";

startsServers();

/** A mask of every photograph, as expected. */
async function expectMasks(
  events: readonly ComputeEvent[],
  job: ComputeJob,
  expected: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  const masks = events.filter((event) => event.type === "mask");
  expect(masks).toHaveLength(expected.size);
  for (const { image, mask } of masks) {
    const { logits } = await decodeLogits(mask.record);
    const own = expected.get(job.images[image]!.id)!;
    expect(maskDifference(logits.data, own)).toBeLessThan(1e-3);
  }
}

it("computes for a Worker what the Worker would compute itself", async () => {
  const server = await start({ secret: SECRET });
  const backend = backendAt(server);
  const { signal } = new AbortController();
  expect(await backend.isReady(signal)).toBe(true);
  const cats = await photographs("cats");
  const job = await jobOf(cats);
  const context = { signal, caller: "", deadline: Date.now() + 60_000, request: "from-a-worker" };
  const expected = await expectedLogits(cats);
  for (let time = 0; time < 2; time++) {
    const events = await Array.fromAsync(backend.compute(job, context));
    expect(events.some((event) => event.type === "consensus")).toBe(true);
    await expectMasks(events, job, expected);
  }
  expect(server.log).toContainEqual(
    expect.objectContaining({
      event: "request",
      request: "from-a-worker",
      tenant: expect.stringMatching(/^workers:t-[0-9a-f]{32}$/),
    }),
  );
});

it("masks for a Worker with the consensus of a group that it has never seen", async () => {
  const server = await start({ secret: SECRET });
  const backend = backendAt(server);
  const { signal } = new AbortController();
  const context = { signal, caller: "", deadline: Date.now() + 60_000, request: "r" };
  const cats = await photographs("cats");
  const base = cats.slice(0, 6);
  const rest = cats.slice(6);
  const { group: of } = await jobOf(base);
  const consensus = await expectedConsensus(base);
  const job = { ...(await jobOf(rest, of)), consensus: { of, bytes: encodeConsensus(consensus) } };
  const expected = await expectedLogits(rest, consensus);
  // The second time it is in the server's memory.
  for (let time = 0; time < 2; time++) {
    const events = await Array.fromAsync(backend.compute(job, context));
    await expectMasks(events, job, expected);
  }
});

it("decodes HEIC for a Worker, and says so", async () => {
  const server = await start({ secret: SECRET });
  const backend = backendAt(server);
  const { signal } = new AbortController();
  const limits = await backend.limits(signal);
  expect(limits?.types).toContain("image/jpeg");
  if (!limits?.types.includes("image/heic")) return; // the optional package is not there
  const file = new URL("../fixtures/images/quarters.heic", import.meta.url);
  const heic = { name: "quarters.heic", bytes: new Uint8Array(await readFile(file)) };
  const group = [heic, ...(await photographs("cats", 0, 1))];
  const context = { signal, deadline: Date.now() + 60_000, request: "r", caller: "c" };
  const events = await Array.fromAsync(backend.compute(await jobOf(group), context));
  const sizes = events.flatMap((event) => (event.type === "mask" ? [event.mask.width] : []));
  expect(sizes).toContain(48);
  expect(sizes).toHaveLength(2);
});

it("tells a Worker that it is busy", async () => {
  const server = await start({ secret: SECRET }, { admission: { bytes: 1e9, images: 1 } });
  const backend = backendAt(server);
  const { signal } = new AbortController();
  const context = { signal, caller: "", deadline: Date.now() + 60_000, request: "r" };
  const [first, second] = await Promise.all(
    ["cats", "hats"].map(async (kind) => jobOf(await photographs(kind))),
  );
  const outcome = Array.fromAsync(backend.compute(first!, context));
  await expect.poll(() => server.metric("cosal_queue_images"), SOON).toBe(8);
  await expect(Array.fromAsync(backend.compute(second!, context))).rejects.toMatchObject({
    kind: "busy",
    retryAfter: 5,
  });
  await outcome;
});

it("drops the work of a Worker that hangs up", async () => {
  const server = await start({ secret: SECRET });
  const backend = backendAt(server);
  const leave = new AbortController();
  const context = { signal: leave.signal, caller: "", deadline: Date.now() + 60_000, request: "r" };
  const many = (
    await Promise.all(["cats", "hats", "shoes"].map((kind) => photographs(kind)))
  ).flat();
  const outcome = Array.fromAsync(backend.compute(await jobOf(many), context)).catch(() => "gone");
  await expect.poll(() => server.metric("cosal_queue_images"), SOON).toBe(many.length);
  leave.abort();
  expect(await outcome).toBe("gone");
  await expect.poll(() => server.metric("cosal_queue_images"), SOON).toBe(0);
  await expect.poll(() => server.device.status.waiting, SOON).toBe(0);
});

it("keeps what Workers sent apart by tenant, as long as they say, and not when it is removed", async () => {
  const server = await start({ secret: SECRET });
  const { signal } = new AbortController();
  const cats = await photographs("cats", 0, 3);
  const encoded = () => server.metric("cosal_batch_images_sum");
  /** How many photographs are encoded for a tenant's group. */
  const compute = async (tenant: string, backend = backendAt(server)) => {
    const before = await encoded();
    const context = { signal, caller: "", deadline: Date.now() + 60_000, request: "r" };
    await Array.fromAsync(backend.compute({ ...(await jobOf(cats)), tenant }, context));
    return (await encoded()) - before;
  };
  expect(await compute("alice")).toBe(3);
  expect(await compute("alice")).toBe(0);
  expect(await compute("bob")).toBe(3);
  const { group, images } = await jobOf(cats);
  const { forget } = backendAt(server);
  for (const path of [
    `/v1/groups/${group}`,
    ...images.map(({ sha256 }) => `/v1/images/${sha256}`),
  ]) {
    await forget("alice", path);
    await forget("alice", path);
  }
  expect(await compute("alice")).toBe(3);
  expect(await compute("bob")).toBe(0);
  const forgetful = backendAt(server, 0);
  expect(await compute("carol", forgetful)).toBe(3);
  expect(await compute("carol", forgetful)).toBe(3);
  expect(JSON.stringify(server.log)).not.toMatch(/alice|bob|carol/);
});
