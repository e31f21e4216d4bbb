import { describe, expect, it } from "vitest";
import { digestOf, group, problem, setUp } from "../../test/app-client.ts";
import type { GroupBody } from "./index.ts";

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
      backend: "wasm",
      cache: "miss",
    });
    expect(body.images.map(({ id }) => id)).toEqual(["b.jpg", "a.jpg"]);
    expect(body.images[0]).toEqual({
      id: "b.jpg",
      sha256: sha,
      width: 9,
      height: 7,
      coverage: 0.25,
      box: [1, 2, 3, 4],
      presence: 0.75,
      mask: { url: `/v1/groups/${body.id}/masks/${sha}.png`, type: "image/png" },
    });
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

  it("computes a photograph that is sent twice once, and answers for both", async () => {
    const { post, calls } = setUp();
    const body = await group(
      await post([
        ["a.jpg", "image one"],
        ["a.jpg", "image one"],
      ]),
    );
    expect(body.images.map(({ id }) => id)).toEqual(["a.jpg", "a-2.jpg"]);
    expect(body.images[0]!.mask).toEqual(body.images[1]!.mask);
    expect(calls).toEqual([["image one"]]);
    const once = await group(await post([["a.jpg", "image one"]]));
    expect([once.id, once.cache]).toEqual([body.id, "hit"]);
  });

  it("computes equal groups that arrive together once", async () => {
    const { post, calls } = setUp();
    const bodies = await Promise.all(
      [1, 2, 3].map(async (n) => group(await post([[`${n}.jpg`, "image one"]]))),
    );
    expect(bodies.map(({ cache }) => cache).sort()).toEqual(["hit", "hit", "miss"]);
    expect(calls.length).toBe(1);
  });

  it("puts masks inline on request, on a miss and on a hit", async () => {
    const { post } = setUp();
    for (const cache of ["miss", "hit"]) {
      const body = await group(await post([["a.jpg", "image one"]], "?inline=masks"));
      expect(body.cache).toBe(cache);
      expect(atob(body.images[0]!.mask.data!)).toBe("image one");
    }
  });

  it("computes a group anew when a mask of it is gone", async () => {
    const { app, post, calls, store } = setUp();
    const first = await group(await post([["a.jpg", "image one"]]));
    store.masks.clear();
    expect((await app.request(first.images[0]!.mask.url)).status).toBe(404);
    expect((await group(await post([["a.jpg", "image one"]]))).cache).toBe("miss");
    store.masks.clear();
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
    const { app } = setUp();
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
      const answer = await group(await app.request("/v1/groups", init));
      expect(answer.images.map(({ id }) => id)).toEqual(["a.jpg", "image"]);
    }
  });
});

describe("what is stored", () => {
  it("is told by hash, with images called by their contents", async () => {
    const { app, post } = setUp();
    const sent = await group(
      await post([
        ["secret name.jpg", "image one"],
        ["b.jpg", "image two"],
      ]),
    );
    const response = await app.request(`/v1/groups/${sent.id}`);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const text = await response.text();
    expect(text).not.toContain("secret");
    const body = JSON.parse(text) as GroupBody;
    const digests = sent.images.map((image) => image.sha256).sort();
    expect(body.images.map(({ id }) => id)).toEqual(digests);
    expect(body).toMatchObject({ id: sent.id, cache: "hit", model: sent.model });
  });

  it("gives masks with a strong ETag, and 304 to who has them", async () => {
    const { app, post } = setUp();
    const { url } = (await group(await post([["a.jpg", "image one"]]))).images[0]!.mask;
    const response = await app.request(url);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("image/png");
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const etag = response.headers.get("etag")!;
    expect(etag).toBe(`"${await digestOf("image one")}"`);
    expect(await response.text()).toBe("image one");
    for (const match of [etag, `"x", ${etag}`, "*"]) {
      const again = await app.request(url, { headers: { "if-none-match": match } });
      expect(again.status).toBe(304);
      expect(again.headers.get("etag")).toBe(etag);
      expect(again.headers.get("cache-control")).toContain("immutable");
      expect(await again.text()).toBe("");
    }
    const other = await app.request(url, { headers: { "if-none-match": '"x"' } });
    expect(other.status).toBe(200);
    const head = await app.request(url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it.each([
    `/v1/groups/${"a".repeat(64)}`,
    "/v1/groups/short",
    `/v1/groups/${"a".repeat(64)}/masks/${"b".repeat(64)}.png`,
    `/v1/groups/${"a".repeat(64)}/masks/${"b".repeat(64)}.jpg`,
    "/v1/groups/x/masks/..%2F..%2Fsecret.png",
    "/v2/groups",
    "/",
  ])("answers 404 for %s", async (path) => {
    const { app } = setUp();
    const response = await app.request(path, { headers: { "if-none-match": "*" } });
    expect(response.status).toBe(404);
    expect((await problem(response)).code).toBe("not_found");
  });
});

describe("the service", () => {
  it("is alive", async () => {
    const response = await setUp().app.request("/healthz");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok" });
  });

  it("keeps the request id that it is given", async () => {
    const headers = { "x-request-id": "abc-1" };
    const response = await setUp().app.request("/healthz", { headers });
    expect(response.headers.get("x-request-id")).toBe("abc-1");
  });

  it("explains its problems", async () => {
    const { app } = setUp();
    const response = await app.request("/problems/group_empty");
    expect(await response.json()).toMatchObject({ code: "group_empty", status: 400 });
    expect((await app.request("/problems/toString")).status).toBe(404);
  });
});
