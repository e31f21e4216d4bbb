import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setUp } from "../../test/app-client.ts";
import { type Fate, type FateOf, startFaultyProxy } from "../../test/client/faulty-proxy.ts";
import { listening } from "../../test/client/listening.ts";
import { clientTypes } from "../../test/client/types.ts";
import { FAKE_LIMITS } from "../../test/fakes.ts";
import { Cosal, CosalError, type Progress } from "./index.ts";

// No waiting between attempts.
beforeEach(() => void vi.spyOn(Math, "random").mockReturnValue(0));

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const file = (name: string, text = `image ${name}`) => new File([text], name);

/** A client of an app with fakes, behind a proxy that does to requests what `fateOf` says. */
async function behind(fateOf: FateOf = () => "pass", images = 64) {
  const { app, calls } = setUp({ limits: { ...FAKE_LIMITS, images } });
  const service = await listening((request) => app.request(request));
  const proxy = await startFaultyProxy(service.url, fateOf);
  opened.push(proxy, service);
  const sent = (method: string, path = /./) =>
    proxy.seen.filter((one) => one.method === method && path.test(one.path));
  return { cosal: new Cosal({ url: proxy.url }), calls, sent };
}

it("has the types of the OpenAPI document", async () => {
  expect(await readFile(new URL("api.ts", import.meta.url), "utf8")).toBe(await clientTypes());
});

describe("a group", () => {
  it("uploads only what the service does not have, and gives each mask", async () => {
    const { cosal, sent } = await behind();
    await cosal.group([file("a"), file("b")]);
    const before = sent("PUT").length;
    expect(before).toBe(2);
    const stages: Progress[] = [];
    const group = await cosal.group([file("b"), file("c"), file("a")], {
      onProgress: (progress) => stages.push(progress),
    });
    expect(sent("PUT").length - before).toBe(1);
    expect(group.masks.map(({ id }) => id)).toEqual(["b", "c", "a"]);
    expect(group.mask("c")).toMatchObject({ height: 8, coverage: 0.25, presence: 0.75 });
    const png = await group.mask("a").bytes("png");
    expect([...png.subarray(1, 4)]).toEqual([...Buffer.from("PNG")]);
    expect(JSON.parse(new TextDecoder().decode(await group.mask("a").bytes("rle")))).toMatchObject({
      size: [8, group.mask("a").width],
    });
    expect(await group.cutout("b")).toEqual(await group.mask("b").cutout());
    for (const stage of ["hashed", "uploaded", "encoded", "masked"] as const) {
      expect(stages.filter((one) => one.stage === stage).at(-1)).toMatchObject(
        stage === "uploaded" ? { done: 1, total: 1 } : { done: 3, total: 3 },
      );
    }
  });

  it("yields masks as they come, and can be awaited too", async () => {
    const { cosal, calls } = await behind();
    const run = cosal.group([file("a"), file("b")]);
    const seen: string[] = [];
    for await (const mask of run) {
      seen.push(mask.id);
      expect((await mask.bytes("webp")).length).toBeGreaterThan(0);
    }
    expect(seen.sort()).toEqual(["a", "b"]);
    expect((await run).masks).toHaveLength(2);
    expect(calls).toHaveLength(1);
  });

  it("ends when its loop is left", async () => {
    const { cosal } = await behind();
    const run = cosal.group([file("a"), file("b"), file("slow")]);
    for await (const _ of run) break;
    await expect(run).rejects.toThrow("left before its end");
  });

  it("applies what it has in common to other photographs, hands it out, and goes", async () => {
    const { cosal } = await behind();
    const group = await cosal.group([file("a"), file("b")]);
    const more = await group.apply([file("c")]);
    expect(more.masks.map(({ id }) => id)).toEqual(["c"]);
    expect((await group.consensus()).length).toBeGreaterThan(10);
    await more.remove();
    await group.remove();
    await group.remove();
    await expect(group.mask("a").bytes("webp")).rejects.toMatchObject({ code: "not_found" });
  });

  it("of more photographs than the service takes has a mask for each", async () => {
    const { cosal, calls } = await behind(() => "pass", 4);
    const files = Array.from({ length: 11 }, (_, i) => file(`${i}.jpg`));
    const group = await cosal.group(files, { seeds: [{ image: 10, point: [1, 1] }] });
    expect(group.masks.map(({ id }) => id)).toEqual(files.map(({ name }) => name));
    expect(calls.map(({ length }) => length)).toEqual([4, 4, 3]);
    expect(calls[0]).toContain("image 10.jpg");
  });

  it("keeps photographs apart that have one name or one content", async () => {
    const { cosal } = await behind();
    const group = await cosal.group([
      file("a", "image 1"),
      file("a", "image 2"),
      file("b", "image 1"),
    ]);
    expect(group.masks).toHaveLength(3);
    expect(new Set(group.masks.map(({ sha256 }) => sha256)).size).toBe(2);
  });

  it("names the photograph that is too large, before anything is sent", async () => {
    const { cosal, sent } = await behind();
    const large = file("large.jpg", `image${" ".repeat(FAKE_LIMITS.imageBytes)}`);
    await expect(cosal.group([file("a"), large])).rejects.toThrow(/"large\.jpg".*1048576/);
    expect(sent("POST")).toHaveLength(0);
  });

  it("passes the service's errors on, by code", async () => {
    const { cosal } = await behind();
    const error = await cosal.group([file("a"), file("x", "no photograph")]).then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(CosalError);
    expect(error).toMatchObject({ code: "image_type_unsupported", status: 415 });
    await expect(cosal.group([])).rejects.toMatchObject({ code: "group_empty" });
  });
});

describe("on a bad line", () => {
  it("sends again what was refused or reset, and nothing that has arrived", async () => {
    const { cosal, sent } = await behind((_, __, count) =>
      count % 4 === 0 ? "503" : count % 4 === 1 ? "reset" : "pass",
    );
    const files = Array.from({ length: 6 }, (_, i) => file(`${i}`));
    const group = await cosal.group(files);
    expect(group.masks).toHaveLength(6);
    const stored = sent("PUT").filter(({ status }) => status === 201);
    expect(stored).toHaveLength(6);
    expect(new Set(stored.map(({ path }) => path)).size).toBe(6);
  });

  it("goes on with the events of an answer that was cut", async () => {
    let answers = 0;
    const { cosal, sent } = await behind((method, path) =>
      method === "POST" && path === "/v1/groups" && answers++ < 4 ? { cutAfter: 2500 } : "pass",
    );
    const seen: string[] = [];
    for await (const { id } of cosal.group(Array.from({ length: 9 }, (_, i) => file(`${i}`)))) {
      seen.push(id);
    }
    expect(seen.sort()).toEqual([..."012345678"]);
    expect(sent("POST").length).toBeGreaterThan(2);
  });

  it("loses none of two photographs with one content when it is cut between them", async () => {
    const streams: Fate[] = ["pass", { cutAfter: /event: image\n(.+\n)+\n/ }];
    const { cosal, sent } = await behind((method) =>
      method === "POST" ? (streams.shift() ?? "pass") : "pass",
    );
    const group = await cosal.group([file("a", "image 1"), file("b", "image 1")]);
    expect(sent("POST")).toHaveLength(3);
    expect(group.masks.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("masks with a consensus file what no group knows", async () => {
    const fates: Fate[] = ["lost", "503"];
    const { cosal, sent } = await behind((method, path) =>
      method === "PUT" && path.endsWith("/consensus") ? (fates.shift() ?? "pass") : "pass",
    );
    const consensus = await (await cosal.group([file("a", "image 1")])).consensus();
    const group = await cosal.apply(consensus, [file("b", "image 2"), file("c", "image 3")]);
    expect(group.masks.map(({ id }) => id)).toEqual(["b", "c"]);
    expect(sent("PUT", /consensus$/).map(({ status }) => status)).toEqual([201, 503, 200]);
    await expect(cosal.apply(new Uint8Array(9), [file("b")])).rejects.toMatchObject({
      code: "consensus_invalid",
    });
  });

  it("says so when what answers is no cosal", async () => {
    const service = await listening(() => new Response("<html>"));
    opened.push(service);
    await expect(new Cosal(service).models()).rejects.toMatchObject({ code: "unexpected" });
  });

  it("asks again for a file that was cut", async () => {
    let files = 0;
    const { cosal } = await behind((_, path) =>
      /\.logits$/.test(path) && files++ < 2 ? { cutAfter: 10 } : "pass",
    );
    const group = await cosal.group([file("a"), file("b")]);
    const whole = await group.mask("a").bytes("logits");
    expect(files).toBe(3);
    expect(whole).toEqual(await group.mask("a").bytes("logits"));
  });

  it("gives up when its time is over, and at once when it is stopped", async () => {
    vi.mocked(Math.random).mockReturnValue(1);
    const { cosal } = await behind(() => "503");
    await expect(cosal.group([file("a")], { timeout: 600 })).rejects.toMatchObject({ status: 503 });
    const signal = AbortSignal.timeout(50);
    await expect(cosal.group([file("a")], { signal })).rejects.toThrow(/abort/);
    expect(signal.aborted).toBe(true);
    const { cosal: nobody } = { cosal: new Cosal({ url: "http://127.0.0.1:9" }) };
    await expect(nobody.limits({ timeout: 300 })).rejects.toMatchObject({ code: "network" });
  });
});
