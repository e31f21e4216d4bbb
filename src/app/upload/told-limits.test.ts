import { describe, expect, it } from "vitest";
import { problem, setUp } from "../../../test/app-client.ts";
import { FAKE_LIMITS } from "../../../test/fakes.ts";

describe("limits", () => {
  it("are told, and hold for the group's pixels before anything is decoded", async () => {
    const { request, post, calls } = setUp();
    const limits = await (await request("/v1/limits")).json();
    expect(limits).toMatchObject({
      body_bytes: FAKE_LIMITS.bodyBytes,
      backends: { wasm: { total_pixels: 200_000 } },
    });
    const models = await (await request("/v1/models")).json();
    expect(models).toMatchObject({
      models: [{ name: "fake", seeds: true, default: true }],
      limits,
    });
    const file = `image ${"x".repeat(15_000)}`;
    expect((await post([["a.jpg", file]])).status).toBe(200);
    const response = await post([
      ["a.jpg", file],
      ["b.jpg", `${file}!`],
    ]);
    expect(response.status).toBe(413);
    const found = await problem(response);
    expect([found.code, found.limit!.limit]).toEqual(["group_too_many_pixels", 200_000]);
    expect(calls.length).toBe(1);
  });

  it("hold for the model's name", async () => {
    const { post } = setUp();
    expect((await post([["a", "image one"]], "?model=fake")).status).toBe(200);
    const response = await post([["a", "image one"]], "?model=other");
    expect([response.status, (await problem(response)).code]).toEqual([400, "model_unknown"]);
  });

  it("hold for time: a backend that hangs is given up", async () => {
    const { post, dependencies } = setUp();
    const limits = { ...dependencies.limits, seconds: 0.1 };
    const { post: hanging } = setUp({
      limits,
      compute: async function* hang() {
        await new Promise(() => {});
        yield* [];
      },
    });
    const response = await hanging([["a", "image one"]]);
    expect([response.status, (await problem(response)).code]).toEqual([504, "deadline_exceeded"]);
    expect((await post([["a", "image one"]])).status).toBe(200);
  });
});
