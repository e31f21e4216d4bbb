import { describe, expect, it } from "vitest";
import { digestOf, events, form, group, problem, setUp } from "../../../test/app-client.ts";
import { fakeHost } from "../../../test/fakes.ts";
import { type JobBody, type Jobs, jobRunner, memoryJobs, memorySingleFlight } from "../index.ts";

function withJobs(changes: Parameters<typeof setUp>[0] = {}) {
  const { dependencies, segmenter } = fakeHost(changes);
  const jobs = memoryJobs(jobRunner(dependencies));
  return { ...setUp({ ...dependencies, jobs }), segmenter };
}

const later = { prefer: "respond-async" };
const files: [string, string][] = [
  ["a.jpg", "image one"],
  ["b.jpg", "image two"],
];

async function ended(request: (path: string) => Promise<Response>, job: JobBody): Promise<JobBody> {
  for (;;) {
    const now = (await (await request(job.links.self)).json()) as JobBody;
    if (now.status !== "queued" && now.status !== "running") return now;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("Prefer: respond-async", () => {
  it("is answered with a job, whose result is the group", async () => {
    const { post, request } = withJobs();
    const response = await post(files, "", later);
    expect(response.status).toBe(202);
    expect(response.headers.get("preference-applied")).toBe("respond-async");
    const job = (await response.json()) as JobBody;
    expect(response.headers.get("location")).toBe(`/v1/jobs/${job.id}`);
    expect(job).toMatchObject({ status: "queued", done: 0, total: 2, attempts: 0 });
    const end = await ended(request, job);
    expect(end).toMatchObject({ status: "succeeded", done: 2, attempts: 1 });
    expect((await request(end.links.group)).status).toBe(200);
    const again = await post(files, "", later);
    expect([again.status, (await group(again)).cache]).toEqual([200, "hit"]);
  });

  it("tells a job's events, and those after one", async () => {
    const { post, request } = withJobs();
    const job = (await (await post(files, "?format=webp", later)).json()) as JobBody;
    const all = await events(await request(job.links.events));
    expect(all.map(({ id }) => Number(id))).toEqual(all.map((_, i) => i + 1));
    expect(all.at(-1)).toMatchObject({ event: "job", data: { status: "succeeded" } });
    const images = all.filter(({ event }) => event === "image");
    expect(images.map(({ data }) => data.id).sort()).toEqual(["a.jpg", "b.jpg"]);
    expect(images[0]!.data.mask.type).toBe("image/webp");
    expect(all.at(-2)!.event).toBe("result");
    const headers = { "last-event-id": all[2]!.id! };
    const rest = await events(await request(job.links.events, { headers }));
    expect(rest).toEqual(all.slice(3));
    const bad = await request(job.links.events, { headers: { "last-event-id": "x" } });
    expect(bad.status).toBe(400);
  });

  it("lets more urgent jobs pass, and nobody pass others by asking", async () => {
    const { post, segmenter, request } = withJobs();
    const send = async (name: string, priority?: string) => {
      const headers = { ...later, ...(priority !== undefined && { priority }) };
      return (await (await post([["x.jpg", `image ${name}`]], "", headers)).json()) as JobBody;
    };
    await send("slow");
    const last = await send("last", "u=7, i");
    await send("u=5", "i, u=5");
    await send("default");
    await send("u=0", "u=0");
    await send("unreadable", "u=nine");
    await ended(request, last);
    expect(segmenter.calls.flat()).toEqual(
      ["slow", "default", "u=0", "unreadable", "u=5", "last"].map((name) => `image ${name}`),
    );
  });

  it("starts a delayed job when its time has come", async () => {
    const { post, request, segmenter } = withJobs();
    const prefer = "respond-async, delay=1";
    const before = Date.now();
    const response = await post(files, "", { prefer });
    expect(response.headers.get("preference-applied")).toBe(prefer);
    const job = (await response.json()) as JobBody;
    expect((await ended(request, job)).status).toBe("succeeded");
    expect(Date.now() - before).toBeGreaterThanOrEqual(1000);
    expect(segmenter.calls).toHaveLength(1);
    const long = await problem(
      await post(files.slice(1), "", { prefer: "respond-async, delay=43201" }),
    );
    expect([long.status, long.limit]).toEqual([
      400,
      { name: "delay in seconds", limit: 43_200, actual: 43_201 },
    ]);
  });

  it("gives the same job for the same idempotency key, and refuses another request with it", async () => {
    const { post } = withJobs();
    const headers = { ...later, "idempotency-key": "k 1".replace(" ", "-") };
    const slow: [string, string][] = [["a", "image slow"]];
    const first = (await (await post(slow, "", headers)).json()) as JobBody;
    const second = (await (await post(slow, "", headers)).json()) as JobBody;
    expect(second.id).toBe(first.id);
    const other = (await (await post(slow, "", later)).json()) as JobBody;
    expect(other.id).not.toBe(first.id);
    const refused = await post(files, "", headers);
    expect([refused.status, (await problem(refused)).code]).toEqual([422, "idempotency_mismatch"]);
    const odd = await post(files, "", { ...later, "idempotency-key": "ä" });
    expect([odd.status, (await problem(odd)).code]).toEqual([400, "option_invalid"]);
  });

  it("ends in failed, with the problem", async () => {
    const { post, request } = withJobs();
    const response = await post([...files, ["c.jpg", "image broken"]], "", later);
    const job = await ended(request, (await response.json()) as JobBody);
    expect(job).toMatchObject({
      status: "failed",
      problem: { code: "image_undecodable", errors: [{ pointer: "#/images/2", image: "c.jpg" }] },
    });
  });

  it("can be cancelled", async () => {
    const { post, request, segmenter } = withJobs();
    const slow = Array.from(
      { length: 20 },
      (_, i) => [`${i}`, `image slow ${i}`] as [string, string],
    );
    const job = (await (await post(slow, "", later)).json()) as JobBody;
    while (segmenter.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const response = await request(job.links.self, { method: "DELETE" });
    expect(await response.json()).toMatchObject({ status: "cancelled" });
    expect((await ended(request, job)).status).toBe("cancelled");
    expect((await request(job.links.group)).status).toBe(404);
    const told = await events(await request(job.links.events));
    expect(told.at(-1)).toMatchObject({ event: "job", data: { status: "cancelled" } });
  });

  it("needs the photographs that are named to be stored", async () => {
    const { postJson, put, request } = withJobs();
    const sha256 = await digestOf("image one");
    const refused = await postJson({ images: [{ sha256 }] }, "", later);
    expect([refused.status, (await problem(refused)).code]).toEqual([409, "images_missing"]);
    await put("image one");
    const response = await postJson({ images: [{ sha256 }] }, "", later);
    expect(response.status).toBe(202);
    expect((await ended(request, (await response.json()) as JobBody)).status).toBe("succeeded");
  });

  it("carries seeds and further photographs", async () => {
    const { post, request, segmenter } = withJobs();
    const body = form(files);
    body.append("options", JSON.stringify({ seeds: [{ image: "b.jpg", box: [1, 1, 2, 2] }] }));
    const init = { method: "POST", body, headers: later };
    const seeded = (await (await request("/v1/groups", init)).json()) as JobBody;
    expect((await ended(request, seeded)).status).toBe("succeeded");
    expect(segmenter.seeds.at(-1)).toMatchObject([{ box: [1, 1, 2, 2] }]);
    const base = await group(await post(files));
    const more = { method: "POST", body: form([["c", "image three"]]), headers: later };
    const frame = (await (await request(`/v1/groups/${base.id}/images`, more)).json()) as JobBody;
    const end = await ended(request, frame);
    expect(end.status).toBe("succeeded");
    expect(await (await request(end.links.group)).json()).toMatchObject({ consensus_of: base.id });
  });

  it("holds up nobody who asks for the same group longer than they want to wait", async () => {
    const began = Promise.withResolvers<void>();
    const ending = Promise.withResolvers<void>();
    const { dependencies } = fakeHost();
    const { post, request } = withJobs({
      stores: dependencies.stores,
      singleFlight: memorySingleFlight(),
      async *compute(job, context) {
        began.resolve();
        await ending.promise;
        yield* dependencies.compute(job, context);
      },
    });
    const job = (await (await post(files, "", later)).json()) as JobBody;
    await began.promise;
    const hurried = await post(files, "", { prefer: "wait=1" });
    expect([hurried.status, (await problem(hurried)).code]).toEqual([504, "deadline_exceeded"]);
    const patient = post(files, "", { prefer: "wait=60" });
    ending.resolve();
    expect((await group(await patient)).cache).not.toBe("miss");
    expect((await ended(request, job)).status).toBe("succeeded");
  });

  it("is ignored where there are no jobs", async () => {
    const { post, request } = setUp();
    expect((await post(files, "", later)).status).toBe(200);
    for (const path of ["/v1/jobs/x", "/v1/jobs/x/events"]) {
      expect((await request(path)).status).toBe(404);
    }
  });

  it("is taken as given above a size, unless the caller wants to wait", async () => {
    const { dependencies } = fakeHost();
    const limits = { ...dependencies.limits, synchronousImages: 1 };
    const { post } = withJobs({ limits });
    expect((await post(files)).status).toBe(202);
    expect((await post([["c", "image three"]])).status).toBe(200);
    expect(
      (
        await post(
          files.map(([n, t]) => [n, `${t}!`]),
          "",
          { prefer: "wait=60" },
        )
      ).status,
    ).toBe(200);
  });
});

describe("webhooks", () => {
  it("go to allowed hosts only, over https", async () => {
    const submitted: unknown[] = [];
    const { dependencies } = fakeHost();
    const inner = memoryJobs(jobRunner(dependencies));
    const jobs: Jobs = {
      ...inner,
      submit(submission) {
        submitted.push(submission.request.webhook);
        return inner.submit(submission);
      },
    };
    const { request } = setUp({ ...dependencies, jobs, webhookHosts: ["hooks.example.com"] });
    const send = (webhook: string) => {
      const body = form(files);
      body.append("options", JSON.stringify({ webhook }));
      return request("/v1/groups", { method: "POST", body, headers: later });
    };
    for (const bad of [
      "http://hooks.example.com/",
      "https://evil.com/",
      "https://hooks.example.com:1/",
    ]) {
      const response = await send(bad);
      expect([response.status, (await problem(response)).code]).toEqual([422, "url_refused"]);
    }
    expect((await send("https://hooks.example.com/done")).status).toBe(202);
    expect(submitted).toEqual(["https://hooks.example.com/done"]);
  });
});
