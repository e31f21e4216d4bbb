import { describe, expect, it } from "vitest";
import { group, setUp } from "../../../test/app-client.ts";
import { FakeSegmenter } from "../../../test/fakes.ts";
import { type DataPoint, jsonLog } from "../index.ts";

describe("the log", () => {
  it("has a line for what was done, and none with a name, a key or a pixel", async () => {
    const { post, request, log } = setUp();
    const response = await post([["secret name.jpg", "image one"]], "", {
      authorization: "Bearer cosal_secret",
      traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
    });
    const body = await group(response);
    await request(body.images[0]!.mask.url);
    expect(log).toEqual([
      {
        level: "info",
        event: "request",
        request: response.headers.get("x-request-id"),
        route: "POST /v1/groups",
        ...{ status: 200, tenant: "", milliseconds: expect.any(Number), images: 1 },
        ...{ backend: "wasm", reason: "no other backend", cache: "miss" },
        traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
      },
    ]);
    await post([["secret name.jpg", "a text"]]);
    expect(log.at(-1)).toMatchObject({ status: 415, problem: "image_type_unsupported" });
    expect(JSON.stringify(log)).not.toContain("secret");
  });

  it("has an error's stack, which no answer has", async () => {
    const lines: string[] = [];
    const { post } = setUp({
      log: jsonLog((line) => lines.push(line)),
      compute: () => {
        throw new TypeError("inner", { cause: new Error("innermost") });
      },
    });
    const response = await post([["a", "image one"]]);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/inner|at /);
    const [failed] = lines.map((line) => JSON.parse(line));
    expect(failed).toMatchObject({
      level: "error",
      event: "request failed",
      error: { name: "TypeError", message: "inner", cause: { message: "innermost" } },
    });
    expect(failed.error.stack).toContain("request-context.test.ts");
  });

  it("says when a backend gave up and another took over", async () => {
    const { post, log } = setUp({
      async *compute(job) {
        const [image] = job.images;
        const segmenter = new FakeSegmenter();
        const { localCompute } = await import("../index.ts");
        yield { type: "backend", name: "gpu-1", reason: "largest" };
        const local = localCompute({
          name: "wasm",
          reason: "gpu-1 died",
          segmenter: async () => segmenter,
        });
        const { signal } = new AbortController();
        const context = { signal, caller: "", deadline: Date.now() + 1e4 };
        expect(image).toBeDefined();
        yield* local(job, { ...context, request: "r" });
      },
    });
    const response = await post([["a", "image one"]]);
    expect(response.headers.get("cosal-backend")).toBe('wasm;reason="gpu-1 died"');
    expect((await group(response)).backend).toBe("wasm");
    expect(log[0]).toMatchObject({ event: "backend changed", name: "wasm", reason: "gpu-1 died" });
  });
});

describe("analytics", () => {
  it("count every request, those from memory too", async () => {
    const points: DataPoint[] = [];
    const { post, request } = setUp({ analytics: (point) => points.push(point) });
    const body = await group(await post([["a", "image one"]]));
    const { url } = body.images[0]!.mask;
    await request(url);
    await request(url);
    await request("/v1/groups");
    const v1 = points.filter(({ route }) => route !== "GET /openapi.json");
    expect(v1.map(({ route, status, cache, problem }) => [route, status, cache, problem])).toEqual([
      ["POST /v1/groups", 200, "miss", ""],
      ["GET /v1/groups/:group/masks/:file", 200, "", ""],
      ["GET /v1/groups/:group/masks/:file", 200, "", ""],
      ["", 405, "", "method_not_allowed"],
    ]);
  });
});
