import { describe, expect, it, vi } from "vitest";
import { fakeDependencies } from "../../test/fakes.ts";
import { sha256 } from "../group/index.ts";
import type { GroupBody, Problem } from "./index.ts";
import { createApp, MAX_BODY_BYTES, MAX_IMAGES } from "./index.ts";

function setUp() {
  const dependencies = fakeDependencies();
  const app = createApp(dependencies);
  const post = (files: [string, string][], query = "", headers: Record<string, string> = {}) =>
    app.request(`/v1/groups${query}`, { method: "POST", body: form(files), headers });
  return { app, post, calls: dependencies.fake.calls, store: dependencies.store };
}

function form(files: [string, string][], part = "image"): FormData {
  const data = new FormData();
  for (const [name, text] of files) data.append(part, new File([text], name));
  return data;
}

const digestOf = (text: string) => sha256(new TextEncoder().encode(text));
const group = async (response: Response) => (await response.json()) as GroupBody;

async function problem(response: Response): Promise<Problem> {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as Problem;
  expect(body.status).toBe(response.status);
  expect(body.type).toBe(`/problems/${body.code}`);
  expect(body.request).toBe(response.headers.get("x-request-id"));
  return body;
}

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

describe("event stream", () => {
  const accept = { accept: "text/event-stream" };
  const parse = (text: string) =>
    text
      .split("\n\n")
      .filter(Boolean)
      .map((block) => {
        const [event, data] = block.split("\n").map((line) => line.replace(/^\w+: /, ""));
        return { event, data: JSON.parse(data!) };
      });

  it("tells each step and ends with the same body as the JSON answer", async () => {
    const { post } = setUp();
    const files: [string, string][] = [
      ["b.jpg", "image two"],
      ["a.jpg", "image one"],
      ["c.jpg", "image one"],
    ];
    const response = await post(files, "", accept);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = parse(await response.text());
    const progress = events.filter(({ event }) => event === "progress");
    expect(progress.map(({ data }) => [data.done, data.total])).toEqual([
      [1, 2],
      [2, 2],
    ]);
    const named = events.filter(({ event }) => event === "image").map(({ data }) => data.id);
    expect(named.sort()).toEqual(["a.jpg", "b.jpg", "c.jpg"]);
    const again = await group(await post(files));
    expect(events.at(-1)).toEqual({ event: "result", data: { ...again, cache: "miss" } });
  });

  it("answers an error with its status as long as nothing was sent", async () => {
    const { post } = setUp();
    const response = await post([["a.jpg", "text"]], "", accept);
    expect(response.status).toBe(415);
    expect(await problem(response)).toMatchObject({ code: "image_type_unsupported" });
  });

  it("sends an error as an event after that", async () => {
    const { post } = setUp();
    // The fake reads in the order of digests: the good one has to come first.
    const good = await digestOf("image one");
    let broken = "image broken";
    while ((await digestOf(broken)) < good) broken += "!";
    const files = ["image one", broken].map((text) => [text, text] as [string, string]);
    const events = parse(await (await post(files, "", accept)).text());
    expect(events.at(-1)).toMatchObject({
      event: "error",
      data: { code: "image_undecodable", errors: [{ pointer: "#/images/1", image: broken }] },
    });
  });

  it("stops computing when the reader leaves", async () => {
    const { app, post, store } = setUp();
    const files = Array.from({ length: 60 }, (_, i) => [`${i}`, `image ${i}`] as [string, string]);
    const response = await post(files, "", accept);
    await response.body!.cancel();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(store.results.size).toBe(0);
    expect((await app.request("/healthz")).status).toBe(200);
    expect((await post([["a.jpg", "image one"]])).status).toBe(200);
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

describe("bad requests", () => {
  const send = (body: BodyInit | null, contentType?: string) =>
    setUp().app.request("/v1/groups", {
      method: "POST",
      body,
      ...(contentType && { headers: { "content-type": contentType } }),
    });

  it("name the image by pointer and id", async () => {
    const { post } = setUp();
    const response = await post([
      ["a.jpg", "image one"],
      ["notes.jpg", "text"],
    ]);
    expect(response.status).toBe(415);
    expect(await problem(response)).toMatchObject({
      code: "image_type_unsupported",
      detail: 'Image "notes.jpg": no image',
      errors: [{ pointer: "#/images/1", image: "notes.jpg", detail: "no image" }],
    });
    expect((await post([["a.jpg", "image one"]])).status).toBe(200);
  });

  it("have no image", async () => {
    const response = await send(new FormData());
    expect(response.status).toBe(400);
    expect(await problem(response)).toMatchObject({
      code: "group_empty",
      limit: { name: "images", limit: 1, actual: 0 },
    });
  });

  it("have too many images", async () => {
    const files = (n: number) =>
      Array.from({ length: n }, (_, i) => [`${i}`, `image ${i}`] as [string, string]);
    expect((await send(form(files(MAX_IMAGES)))).status).toBe(200);
    const response = await send(form(files(MAX_IMAGES + 1)));
    expect(response.status).toBe(413);
    expect(await problem(response)).toMatchObject({
      code: "group_too_large",
      limit: { name: "images", limit: MAX_IMAGES, actual: MAX_IMAGES + 1 },
    });
  });

  it("announce a body that is too large: nothing of it is read", async () => {
    const { app } = setUp();
    let isRead = false;
    const body = new ReadableStream(
      {
        pull() {
          isRead = true;
        },
      },
      { highWaterMark: 0 },
    );
    const response = await app.request("/v1/groups", {
      method: "POST",
      body,
      headers: {
        "content-type": "multipart/form-data; boundary=b",
        "content-length": String(MAX_BODY_BYTES + 1),
      },
      duplex: "half",
    } as RequestInit);
    expect(response.status).toBe(413);
    expect((await problem(response)).limit).toEqual({
      name: "bytes",
      limit: MAX_BODY_BYTES,
      actual: MAX_BODY_BYTES + 1,
    });
    expect(isRead).toBe(false);
  });

  it("send a body that is too large without announcing it", async () => {
    const { app } = setUp();
    let chunks = 0;
    const body = new ReadableStream({
      pull(controller) {
        chunks++;
        controller.enqueue(new Uint8Array(1024 * 1024).fill(45));
      },
    });
    const head = new TextEncoder().encode(
      '--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n',
    );
    const response = await app.request("/v1/groups", {
      method: "POST",
      body: body.pipeThrough(prefix(head)),
      headers: { "content-type": "multipart/form-data; boundary=b" },
      duplex: "half",
    } as RequestInit);
    expect(response.status).toBe(413);
    expect((await problem(response)).code).toBe("body_too_large");
    expect(chunks).toBeLessThan(MAX_BODY_BYTES / 1024 / 1024 + 8);
  });

  it.each([
    ["JSON", '{"images":[]}', "application/json", 415, "content_type_unsupported"],
    ["nothing", null, undefined, 415, "content_type_unsupported"],
    ["no boundary", "x", "multipart/form-data", 400, "body_not_multipart"],
    ["no multipart", "hello", "multipart/form-data; boundary=b", 400, "body_not_multipart"],
    ["an empty body", "", "multipart/form-data; boundary=b", 400, "body_not_multipart"],
    [
      "half a part",
      "--b\r\nContent-Dis",
      "multipart/form-data; boundary=b",
      400,
      "body_not_multipart",
    ],
    [
      "a part without a name",
      "--b\r\nX: y\r\n\r\nhello\r\n--b--",
      "multipart/form-data; boundary=b",
      400,
      "option_invalid",
    ],
    ["another type", "--b--", "multipart/mixed; boundary=b", 415, "content_type_unsupported"],
  ])("send %s", async (_, body, type, status, code) => {
    const response = await send(body, type);
    expect(response.status).toBe(status);
    expect((await problem(response)).code).toBe(code);
  });

  it("send a name that is no UTF-8", async () => {
    const head = 'Content-Disposition: form-data; name="image"; filename="';
    const bytes = [`--b\r\n${head}`, Uint8Array.of(0xff, 0xfe), '"\r\n\r\nimage\r\n--b--\r\n'];
    const response = await send(new Blob(bytes), "multipart/form-data; boundary=b");
    expect(response.status).toBe(400);
    expect((await problem(response)).code).toBe("body_not_multipart");
  });

  it("use a part that is not known", async () => {
    const response = await send(form([["a.jpg", "image one"]], "file"));
    expect(response.status).toBe(400);
    expect((await problem(response)).detail).toContain('"file"');
  });

  it.each(["?inline=yes", "?inline=masks&inline=no", "?inlin=masks"])("use %s", async (query) => {
    const { post } = setUp();
    const response = await post([["a.jpg", "image one"]], query);
    expect(response.status).toBe(400);
    expect((await problem(response)).code).toBe("option_invalid");
  });

  it.each([
    ["PUT", "/v1/groups", "POST"],
    ["GET", "/v1/groups", "POST"],
    ["DELETE", `/v1/groups/${"a".repeat(64)}`, "GET, HEAD"],
    ["POST", "/healthz", "GET, HEAD"],
  ])("%s %s", async (method, path, allow) => {
    const { app } = setUp();
    const response = await app.request(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
    expect((await problem(response)).code).toBe("method_not_allowed");
  });

  it("never tell what went wrong on our side, only the request", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const dependencies = {
      ...fakeDependencies(),
      segmenter: () => Promise.reject(new Error("x y")),
    };
    const body = form([["a.jpg", "image one"]]);
    const response = await createApp(dependencies).request("/v1/groups", { method: "POST", body });
    expect(response.status).toBe(500);
    expect(JSON.stringify(await problem(response))).not.toContain("x y");
    expect(String(log.mock.calls[0]![1])).toContain("x y");
    log.mockRestore();
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

function prefix(head: Uint8Array): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({ start: (controller) => controller.enqueue(head) });
}
