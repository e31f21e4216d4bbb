import { expect, it } from "vitest";
import { startLocalWorker } from "../../scripts/worker.ts";
import type { ComputeJob } from "../../src/app/index.ts";
import { group } from "../responses.ts";
import { backendAt, jobOf, SECRET } from "./backend-at.ts";
import { SOON } from "./device.ts";
import { formOf, photographs, type Running, start, startsServers } from "./servers.ts";

startsServers();

it("what is deleted at a Worker is gone on its GPU server too", async () => {
  const server = await start({ secret: SECRET });
  const variables = { GPU_BACKENDS: `gpu=${server.url}`, GPU_SECRET: SECRET };
  const worker = await startLocalWorker({ port: 0, watch: false, variables });
  try {
    const cats = await photographs("cats", 0, 3);
    const job = await jobOf(cats);
    const sent = { method: "POST", body: formOf(cats) };
    const response = await fetch(`${worker.url}/v1/groups?backend=gpu`, sent);
    expect(response.headers.get("cosal-backend")).toMatch(/^gpu;/);
    expect(await group(response)).toMatchObject({ id: job.group, cache: "miss" });
    expect(await fromServer(server, job)).toEqual({ cache: "hit", encoded: 0 });

    const remove = async (path: string) => {
      const { status } = await fetch(worker.url + path, { method: "DELETE" });
      expect([204, 404]).toContain(status);
    };
    await remove(`/v1/groups/${job.group}`);
    await expect.poll(() => fromServer(server, job), SOON).toEqual({ cache: "miss", encoded: 0 });

    await remove(`/v1/groups/${job.group}`);
    for (const { sha256 } of job.images) await remove(`/v1/images/${sha256}`);
    const removals = () => server.log.filter(({ route }) => /^DELETE/.test(String(route)));
    await expect.poll(() => removals().length, SOON).toBe(2 + cats.length);
    expect(await fromServer(server, job)).toEqual({ cache: "miss", encoded: cats.length });
  } finally {
    await worker.stop();
  }
});

/** Asks the server once more for the Worker's group, and tells what it still had of it. */
async function fromServer(server: Running, job: ComputeJob) {
  const encoded = () => server.metric("cosal_batch_images_sum");
  const before = await encoded();
  const { signal } = new AbortController();
  const context = { signal, caller: "", deadline: Date.now() + 60_000, request: "again" };
  await Array.fromAsync(backendAt(server, 3600).compute({ ...job, tenant: "" }, context));
  const line = server.log.findLast(({ request }) => request === "again");
  return { cache: line?.cache, encoded: (await encoded()) - before };
}
