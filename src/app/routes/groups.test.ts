import { describe, expect, it } from "vitest";
import { digestOf, group, problem, setUp } from "../../../test/app-client.ts";
import { fakeHost } from "../../../test/fakes.ts";
import type { Compute, GroupBody } from "../index.ts";

describe("POST /v1/groups", () => {
  it("answers for each image, in the order and under the names sent", async () => {
    const { post } = setUp();
    const response = await post([
      ["b.jpg", "image two"],
      ["a.jpg", "image one"],
    ]);
    expect(response.status).toBe(200);
    const body = await group(response);
    expect(body.id).toMatch(/^[0-9a-f]{64}$/);
    expect(response.headers.get("content-location")).toBe(`/v1/groups/${body.id}`);
    const sha = await digestOf("image two");
    expect(body).toMatchObject({
      model: { name: "fake", digest: "f".repeat(64) },
      ...{ backend: "wasm", cache: "miss", common: 0.75, skipped: [], notices: [] },
      consensus: { url: `/v1/groups/${body.id}/consensus` },
    });
    expect(body.images.map(({ id }) => id)).toEqual(["b.jpg", "a.jpg"]);
    expect(body.images[0]).toEqual({
      id: "b.jpg",
      sha256: sha,
      width: 9,
      height: 8,
      coverage: 0.25,
      box: [1, 2, 3, 4],
      presence: 0.75,
      confidence: 0.5,
      mask: { url: `/v1/groups/${body.id}/masks/${sha}.png`, type: "image/png" },
    });
  });

  it("says which backend ran, why, and whether the result was there", async () => {
    const { post } = setUp();
    const headers = {
      "x-request-id": "abc-1",
      traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
    };
    const miss = await post([["a.jpg", "image one"]], "", headers);
    expect(miss.headers.get("cosal-backend")).toBe('wasm;reason="no other backend"');
    expect(miss.headers.get("cache-status")).toBe("cosal;fwd=miss;stored");
    expect(miss.headers.get("server-timing")).toMatch(
      /^upload;dur=\d+, group;dur=\d+, total;dur=\d+$/,
    );
    expect(miss.headers.get("x-request-id")).toBe("abc-1");
    expect(miss.headers.get("traceparent")).toBe(headers.traceparent);
    const hit = await post([["a.jpg", "image one"]]);
    expect(hit.headers.get("cosal-backend")).toBe('wasm;reason="it is stored"');
    expect(hit.headers.get("cache-status")).toBe("cosal;hit");
  });

  it("lets others pass if nobody waits for it", async () => {
    const asked: (boolean | undefined)[] = [];
    const { dependencies } = fakeHost();
    const compute: Compute = (job, context) => {
      asked.push(context.isBackground);
      return dependencies.compute(job, context);
    };
    const { post } = setUp({ ...dependencies, compute });
    for (const [i, priority] of ["u=7", "u=4", "u=3, i", "u=9"].entries()) {
      await group(await post([["a.jpg", `image ${i}`]], "", { priority }));
    }
    expect(asked).toEqual([true, false, false, false]);
  });

  it("takes the same photographs in another order and under other names for the same group", async () => {
    const { post, calls } = setUp();
    const first = await group(
      await post([
        ["a.jpg", "image one"],
        ["b.jpg", "image two"],
      ]),
    );
    const second = await group(
      await post([
        ["x.jpg", "image two"],
        ["y.jpg", "image one"],
      ]),
    );
    expect(second.id).toBe(first.id);
    expect(second.cache).toBe("hit");
    expect(second.images.map(({ id, sha256 }) => [id, sha256])).toEqual([
      ["x.jpg", first.images[1]!.sha256],
      ["y.jpg", first.images[0]!.sha256],
    ]);
    expect(calls.length).toBe(1);
  });

  it("computes a photograph that is sent twice once, answers for both, and says so", async () => {
    const { post, calls } = setUp();
    const body = await group(
      await post([
        ["a.jpg", "image one"],
        ["a.jpg", "image one"],
      ]),
    );
    expect(body.images.map(({ id }) => id)).toEqual(["a.jpg", "a-2.jpg"]);
    expect(body.images[0]!.mask).toEqual(body.images[1]!.mask);
    expect(body.notices).toMatchObject([
      { code: "single_image" },
      { code: "duplicate_images", images: ["a.jpg", "a-2.jpg"] },
    ]);
    expect(calls).toEqual([["image one"]]);
    const once = await group(await post([["a.jpg", "image one"]]));
    expect([once.id, once.cache]).toEqual([body.id, "hit"]);
    expect(once.notices).toMatchObject([{ code: "single_image" }]);
  });

  it("says when the photographs seem to share nothing", async () => {
    const { post } = setUp();
    const body = await group(
      await post([
        ["a.jpg", "image nothing"],
        ["b.jpg", "image of nothing"],
      ]),
    );
    expect(body.common).toBe(0.25);
    expect(body.notices).toMatchObject([{ code: "nothing_in_common" }]);
  });

  it("computes equal groups that arrive together once", async () => {
    const { post, calls } = setUp();
    const bodies = await Promise.all(
      Array.from({ length: 30 }, async (_, n) => group(await post([[`${n}.jpg`, "image one"]]))),
    );
    const caches = bodies.map(({ cache }) => cache);
    expect(caches.filter((cache) => cache === "miss").length).toBe(1);
    expect(caches.filter((cache) => cache === "coalesced").length).toBe(29);
    expect(calls.length).toBe(1);
  });

  it("puts masks inline on request, on a miss and on a hit", async () => {
    const { post, request } = setUp();
    for (const cache of ["miss", "hit"]) {
      const body = await group(await post([["a.jpg", "image one"]], "?inline=masks"));
      expect(body.cache).toBe(cache);
      const { url, data } = body.images[0]!.mask;
      const file = new Uint8Array(await (await request(url)).arrayBuffer());
      expect(atob(data!)).toBe(String.fromCharCode(...file));
    }
  });

  it("takes options of the body too, those of the query before them", async () => {
    const { app } = setUp();
    const body = new FormData();
    body.append("options", JSON.stringify({ format: "webp", size: "model" }));
    body.append("image", new File(["image one"], "a.jpg"));
    const send = async (query: string) =>
      (await group(await app.request(`/v1/groups${query}`, { method: "POST", body }))).images[0]!
        .mask;
    expect(await send("")).toMatchObject({ url: expect.stringMatching(/\.webp\?size=model$/) });
    expect(await send("?format=rle&threshold=0.4")).toMatchObject({
      url: expect.stringMatching(/\.rle\.json\?size=model&threshold=0\.4$/),
      type: "application/json",
    });
  });

  it("computes a group anew when a mask of it is gone", async () => {
    const { request, post, calls, stores } = setUp();
    const first = await group(await post([["a.jpg", "image one"]]));
    const { masks } = stores("").groups as unknown as { masks: Map<string, unknown> };
    masks.clear();
    expect((await request(first.images[0]!.mask.url)).status).toBe(404);
    expect((await group(await post([["a.jpg", "image one"]]))).cache).toBe("miss");
    masks.clear();
    const inline = await group(await post([["a.jpg", "image one"]], "?inline=masks"));
    expect(inline.cache).toBe("miss");
    expect(calls.length).toBe(3);
  });

  it("keeps names with quotes and letters of any script", async () => {
    const { post } = setUp();
    const name = 'Füchse "im" Schnee, 狐.jpg';
    expect((await group(await post([[name, "image one"]]))).images[0]!.id).toBe(name);
  });

  it("reads a body in chunks of any size, with and without an epilogue", async () => {
    const { request } = setUp();
    const text =
      '--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\nimage one\r\n' +
      '--b\r\nContent-Disposition: form-data; name="image"\r\n\r\nimage two\r\n--b--\r\n';
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 7, bytes.length - 2, bytes.length]) {
      let at = 0;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          controller.enqueue(bytes.slice(at, at + size));
          at += size;
        },
      });
      const headers = { "content-type": 'multipart/form-data; boundary="b"' };
      const init = { method: "POST", body, headers, duplex: "half" } as RequestInit;
      const answer = await group(await request("/v1/groups", init));
      expect(answer.images.map(({ id }) => id)).toEqual(["a.jpg", "image"]);
    }
  });

  it("leaves out what cannot be read with on_error=skip: another group, and the reason", async () => {
    const { post } = setUp();
    const files: [string, string][] = [
      ["a.jpg", "image one"],
      ["b.jpg", "image broken"],
      ["c.txt", "a text"],
    ];
    expect((await post(files)).status).toBe(415);
    const body = await group(await post(files, "?on_error=skip"));
    expect(body.images.map(({ id }) => id)).toEqual(["a.jpg"]);
    expect(body.skipped).toMatchObject([
      { id: "b.jpg", code: "image_undecodable" },
      { id: "c.txt", code: "image_type_unsupported", detail: "no image" },
    ]);
    const again = await group(await post(files.toReversed(), "?on_error=skip"));
    expect([again.id, again.cache]).toEqual([body.id, "hit"]);
    expect(again.skipped.map(({ id }) => id)).toEqual(["c.txt", "b.jpg"]);
    expect((await group(await post([files[0]!], "?on_error=skip"))).id).not.toBe(
      (await group(await post([files[0]!]))).id,
    );
    const none = await post([files[1]!], "?on_error=skip");
    expect([none.status, (await problem(none)).code]).toEqual([400, "group_empty"]);
  });

  it("is another group with detail=high, and the same one with detail=normal", async () => {
    const { post } = setUp();
    const files: [string, string][] = [["a.jpg", "image one"]];
    const [plain, normal, high] = [
      await group(await post(files)),
      await group(await post(files, "?detail=normal")),
      await group(await post(files, "?detail=high")),
    ];
    expect([normal.id, normal.cache]).toEqual([plain.id, "hit"]);
    expect([high.id === plain.id, high.cache]).toEqual([false, "miss"]);
  });
});

describe("a stored group", () => {
  it("is told by hash, with images called by their contents", async () => {
    const { request, post } = setUp();
    const sent = await group(
      await post([
        ["secret name.jpg", "image one"],
        ["b.jpg", "image two"],
      ]),
    );
    const response = await request(`/v1/groups/${sent.id}`);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const etag = response.headers.get("etag")!;
    const text = await response.text();
    expect(text).not.toContain("secret");
    const body = JSON.parse(text) as GroupBody;
    const digests = sent.images.map((image) => image.sha256).sort();
    expect(body.images.map(({ id }) => id)).toEqual(digests);
    expect(body).toMatchObject({ id: sent.id, cache: "hit", model: sent.model });
    const again = await request(`/v1/groups/${sent.id}`, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });

  it("can be removed, with everything in it", async () => {
    const { request, post } = setUp();
    const body = await group(await post([["a.jpg", "image one"]]));
    const urls = [`/v1/groups/${body.id}`, body.images[0]!.mask.url, body.consensus.url];
    for (const url of urls) expect((await request(url)).status).toBe(200);
    const init = { method: "DELETE" };
    expect((await request(`/v1/groups/${body.id}`, init)).status).toBe(204);
    for (const url of urls) expect((await request(url)).status).toBe(404);
    expect((await request(`/v1/groups/${body.id}`, init)).status).toBe(404);
    expect((await group(await post([["a.jpg", "image one"]]))).cache).toBe("miss");
  });

  it("has a consensus, with which further photographs are masked, and does not change", async () => {
    const { request, post, segmenter, calls } = setUp();
    const base = await group(
      await post([
        ["a.jpg", "image one"],
        ["b.jpg", "image two"],
      ]),
    );
    const consensus = await request(base.consensus.url);
    expect(consensus.headers.get("content-type")).toBe("application/vnd.cosal.consensus");
    expect(consensus.headers.get("etag")).toMatch(/^"[0-9a-f]{64}"$/);
    expect((await consensus.arrayBuffer()).byteLength).toBeGreaterThan(32);
    const before = await (await request(`/v1/groups/${base.id}`)).text();

    const send = async (text: string) => {
      const body = new FormData();
      body.append("image", new File([text], "frame.jpg"));
      return request(`/v1/groups/${base.id}/images`, { method: "POST", body });
    };
    const frame = await group(await send("image of a frame"));
    expect(frame).toMatchObject({
      cache: "miss",
      consensus_of: base.id,
      consensus: base.consensus,
    });
    expect(frame.id).not.toBe(base.id);
    expect(frame.notices).toEqual([]);
    expect((await request(frame.images[0]!.mask.url)).status).toBe(200);
    expect((await group(await send("image of a frame"))).cache).toBe("hit");
    expect(calls.at(-1)).toEqual(["image of a frame"]);
    expect(segmenter.seeds.length).toBe(1);
    expect(await (await request(`/v1/groups/${base.id}`)).text()).toBe(before);
    const alone = await group(await post([["frame.jpg", "image of a frame"]]));
    expect(alone.id).not.toBe(frame.id);

    await request(`/v1/groups/${base.id}`, { method: "DELETE" });
    expect((await send("image of another frame")).status).toBe(404);
  });

  it.each([
    `/v1/groups/${"a".repeat(64)}`,
    "/v1/groups/short",
    `/v1/groups/${"a".repeat(64)}/consensus`,
    `/v1/groups/${"a".repeat(64)}/masks/${"b".repeat(64)}.png`,
    `/v1/groups/${"a".repeat(64)}/masks/${"b".repeat(64)}.jpg`,
    "/v1/groups/x/masks/..%2F..%2Fsecret.png",
    "/v2/groups",
    "/",
  ])("is not at %s", async (path) => {
    const { request } = setUp();
    const response = await request(path, { headers: { "if-none-match": "*" } });
    expect(response.status).toBe(404);
    expect((await problem(response)).code).toBe("not_found");
  });
});
