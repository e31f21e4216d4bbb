import { describe, expect, it, vi } from "vitest";
import type { JobBody } from "../../src/app/index.ts";
import png from "../fixtures/images/orientation-6.png";
import type { FormFile } from "../forms.ts";
import { damaged } from "../photographs.ts";
import { group, jobOf, problem } from "../responses.ts";
import { loadWorker, newGroup, post, request } from "./client.ts";

loadWorker();

const later = { prefer: "respond-async" };

const jobAt = async (path: string) => (await (await request(path)).json()) as JobBody;

async function ended(job: JobBody): Promise<JobBody> {
  await vi.waitFor(
    async () => expect((await jobAt(job.links.self)).status).not.toMatch(/queued|running/),
    { timeout: 60_000, interval: 100 },
  );
  return jobAt(job.links.self);
}

/** Events as `[id, name]`. */
const eventsIn = (text: string) =>
  text.split("\n\n").flatMap((block) => {
    const id = /^id: (\d+)$/m.exec(block)?.[1];
    const name = /^event: (\w+)$/m.exec(block)?.[1];
    return id && name ? [[Number(id), name] as const] : [];
  });

describe("a job, over the queue", () => {
  it("is answered 202, computed, and its group is there", async () => {
    const response = await post(newGroup(), "", later);
    expect(response.headers.get("preference-applied")).toBe("respond-async");
    const job = await jobOf(response);
    expect(response.headers.get("location")).toBe(job.links.self);
    expect(await ended(job)).toMatchObject({ status: "succeeded", attempts: 1, done: 2, total: 2 });
    const body = await group(await request(job.links.group));
    expect(body.images).toHaveLength(2);
    expect((await request(body.images[0]!.mask.url)).status).toBe(200);
  });

  it("tells its progress, which can be taken up where it was left", async () => {
    const job = await jobOf(await post(newGroup(), "", later));
    const text = await (await request(job.links.events)).text();
    const events = eventsIn(text);
    expect(events.map(([id]) => id)).toEqual(events.map((_, i) => i + 1));
    const names = events.map(([, name]) => name);
    expect(names).toEqual(expect.arrayContaining(["job", "progress", "image", "result"]));
    expect(names.filter((name) => name === "image")).toHaveLength(2);
    const headers = { "last-event-id": "3" };
    const rest = await (await request(job.links.events, { headers })).text();
    expect(eventsIn(rest)).toEqual(events.slice(3));
  });

  it("fails at once where trying again is in vain, and says why", async () => {
    const files: FormFile[] = [...newGroup(), ["damaged.png", damaged(png)]];
    const job = await ended(await jobOf(await post(files, "", later)));
    expect(job).toMatchObject({
      status: "failed",
      attempts: 1,
      problem: { code: "image_undecodable", errors: [{ pointer: "#/images/2" }] },
    });
  });

  it("is the same for the same key, and no other request's", async () => {
    const files = newGroup();
    const headers = { ...later, "idempotency-key": `key-${crypto.randomUUID()}` };
    const first = await jobOf(await post(files, "", headers));
    const second = await post(files, "", headers);
    // By then it may be done, and the group is answered as it is stored.
    if (second.status === 202) expect((await jobOf(second)).id).toBe(first.id);
    else expect(second.status).toBe(200);
    const other = await post(newGroup(), "", headers);
    expect([other.status, (await problem(other)).code]).toEqual([422, "idempotency_mismatch"]);
    await ended(first);
  });

  it("can be cancelled", async () => {
    const job = await jobOf(await post(newGroup(), "", later));
    const response = await request(job.links.self, { method: "DELETE" });
    expect(response.status).toBeLessThan(300);
    expect((await ended(job)).status).toMatch(/cancelled|succeeded/);
  });

  it("that is not there is a 404", async () => {
    const nobody = `/v1/jobs/${crypto.randomUUID()}`;
    for (const path of [nobody, `${nobody}/events`]) {
      expect((await problem(await request(path))).code).toBe("not_found");
    }
  });
});
