import { describe, expect, it, vi } from "vitest";
import { form, problem, setUp } from "../../../test/app-client.ts";
import { FAKE_LIMITS } from "../../../test/fakes.ts";

const { images: MAX_GROUP, bodyBytes: MAX_BODY_BYTES } = FAKE_LIMITS;

describe("bad requests", () => {
  const send = (body: BodyInit | null, contentType?: string) =>
    setUp().request("/v1/groups", {
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
    expect(response.headers.get("content-location")).toBeNull();
    expect(await problem(response)).toMatchObject({
      code: "image_type_unsupported",
      detail: 'Image "notes.jpg": no image',
      errors: [{ pointer: "#/images/1", image: "notes.jpg", detail: "no image" }],
    });
    expect((await post([["a.jpg", "image one"]])).status).toBe(200);
  });

  it.each([
    `{"images": [IMAGE], "__proto__": {"options": {}}}`,
    `{"images": [{"__proto__": IMAGE}]}`,
    `{"images": [IMAGE], "options": {"__proto__": {"threshold": 0.9}}}`,
  ])("have a name that is every object's, %s", async (body) => {
    const image = JSON.stringify({ sha256: "0".repeat(64) });
    const response = await send(body.replace("IMAGE", image), "application/json");
    expect([response.status, (await problem(response)).code]).toEqual([400, "body_invalid"]);
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
    expect((await send(form(files(MAX_GROUP)))).status).toBe(200);
    const response = await send(form(files(MAX_GROUP + 1)));
    expect(response.status).toBe(413);
    expect(await problem(response)).toMatchObject({
      code: "group_too_large",
      limit: { name: "images", limit: MAX_GROUP, actual: MAX_GROUP + 1 },
    });
  });

  it("announce a body that is too large: nothing of it is read", async () => {
    const { request } = setUp();
    let isRead = false;
    const body = new ReadableStream(
      {
        pull() {
          isRead = true;
        },
      },
      { highWaterMark: 0 },
    );
    const response = await request("/v1/groups", {
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
    const { request } = setUp();
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
    const response = await request("/v1/groups", {
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
    ["JSON without images", '{"images":[]}', "application/json", 400, "group_empty"],
    ["no JSON", '{"images":', "application/json", 400, "body_not_json"],
    ["JSON of another form", "[1]", "application/json", 400, "body_invalid"],
    ["null", "null", "application/json", 400, "body_invalid"],
    ["a text", "hello", "text/plain", 415, "content_type_unsupported"],
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

  it("send JSON of more values than a group can have, or nested without end", async () => {
    const numbers = `{"images":[${"0,".repeat(300_000)}0]}`;
    const response = await send(numbers, "application/json");
    expect(response.status).toBe(413);
    expect((await problem(response)).limit).toMatchObject({ name: "values", limit: 200_000 });
    const deep = "[".repeat(150_000) + "]".repeat(150_000);
    expect((await send(`{"images":${deep}}`, "application/json")).status).toBe(400);
    const seeds = `{"images":[{"data":"aW1hZ2U="}],"options":{"seeds":[{"image":0,"png":"${"A".repeat(1_500_000)}"}]}}`;
    expect((await problem(await send(seeds, "application/json"))).code).toBe("seed_invalid");
  });

  it("send options twice", async () => {
    const body = form([["a.jpg", "image one"]]);
    body.append("options", "{}");
    expect((await send(body)).status).toBe(200);
    body.append("options", "{}");
    const response = await send(body);
    expect([response.status, (await problem(response)).code]).toEqual([400, "option_invalid"]);
  });

  it.each(["gzip", "br, gzip", "aws-chunked"])("send a body coded as %s", async (coding) => {
    const { request } = setUp();
    const headers = { "content-type": "application/json", "content-encoding": coding };
    for (const [method, path] of [
      ["POST", "/v1/groups"],
      ["PUT", `/v1/images/${"a".repeat(64)}`],
    ] as const) {
      const response = await request(path, { method, body: "x", headers });
      expect(response.status).toBe(415);
      // RFC 9110, 12.5.3
      expect(response.headers.get("accept-encoding")).toBe("identity");
      const found = await problem(response);
      expect(found.code).toBe("content_coding_unsupported");
      expect(found.detail).toContain(coding);
    }
  });

  it("send a part in another transfer encoding than its bytes", async () => {
    const part =
      'content-disposition: form-data; name="image"\r\ncontent-transfer-encoding: base64';
    const body = `--b\r\n${part}\r\n\r\naW1hZ2U=\r\n--b--`;
    const found = await problem(await send(body, "multipart/form-data; boundary=b"));
    expect([found.code, found.detail]).toEqual([
      "body_not_multipart",
      expect.stringContaining("base64"),
    ]);
  });

  it("hardly arrive", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "setTimeout"] });
    try {
      let isGivenUp = false;
      const body = new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 1000));
          controller.enqueue(new Uint8Array(500));
        },
        cancel() {
          isGivenUp = true;
        },
      });
      const { request } = setUp();
      const answer = request("/v1/groups", {
        ...{ method: "POST", body, duplex: "half" },
        headers: { "content-type": "application/json" },
      } as RequestInit);
      await vi.advanceTimersByTimeAsync(60_000);
      const response = await answer;
      expect([response.status, (await problem(response)).code]).toEqual([408, "body_too_slow"]);
      expect(isGivenUp).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it("come in shreds", async () => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent++;
        controller.enqueue(new Uint8Array(1));
      },
    });
    const { request } = setUp();
    const response = await request("/v1/groups", {
      ...{ method: "POST", body, duplex: "half" },
      headers: { "content-type": "application/json" },
    } as RequestInit);
    expect([response.status, (await problem(response)).detail]).toEqual([
      408,
      expect.stringContaining("in 513 chunks"),
    ]);
    expect(sent).toBeLessThan(600);
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
    ["PUT", `/v1/groups/${"a".repeat(64)}`, "GET, HEAD, DELETE"],
    ["POST", "/healthz", "GET, HEAD"],
  ])("%s %s", async (method, path, allow) => {
    const { request } = setUp();
    const response = await request(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
    expect((await problem(response)).code).toBe("method_not_allowed");
  });

  it("never tell what went wrong on our side, only the request", async () => {
    const { post, log } = setUp({ models: () => Promise.reject(new Error("x y")) });
    const response = await post([["a.jpg", "image one"]]);
    expect(response.status).toBe(500);
    const body = await problem(response);
    expect(JSON.stringify(body)).not.toContain("x y");
    const failed = log.find(({ event }) => event === "request failed");
    expect(failed).toMatchObject({ level: "error", request: body.request });
    expect(String(failed!.error)).toContain("x y");
  });
});

function prefix(head: Uint8Array): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({ start: (controller) => controller.enqueue(head) });
}
