import { describe, expect, it } from "vitest";
import { problem, setUp } from "../../../test/app-client.ts";
import { withBatches } from "../../../test/batches.ts";

describe("a manifest that is refused", () => {
  const good = { sha256: "a".repeat(64), group: "a" };
  it.each([
    ["no JSON", [good, "{"], "body_not_json", 400, /^Line 2 /],
    ["an empty line", [good, "", good], "body_not_json", 400, /^Line 2 .*empty/],
    ["a field that there is not", [{ ...good, url: "x" }], "body_invalid", 400, /^Line 1 .*url/],
    ["no SHA-256", [good, { group: "a" }], "body_invalid", 400, /^Line 2 .*sha256/],
    ["no group", [good, { sha256: good.sha256 }], "body_invalid", 400, /^Line 2 .*no group/],
    [
      "a group in two places",
      [good, { ...good, group: "b" }, good],
      "body_invalid",
      400,
      /^Line 3 /,
    ],
    [
      "too many lines",
      Array(51)
        .fill({ ...good, id: "x" })
        .map((line, i) => ({ ...line, group: `${i}` })),
      "body_too_large",
      413,
      /50 lines/,
    ],
    ["a group that is too large", Array(21).fill(good), "group_too_large", 413, /^Line 21 .*20/],
    [
      "a line that is too long",
      [{ ...good, id: "x".repeat(3000) }],
      "body_invalid",
      400,
      /^Line 1 .*2000/,
    ],
    ["no line", [], "group_empty", 400, /no line/],
  ])("for %s, by its line", async (_, lines, code, status, detail) => {
    const { create } = await withBatches();
    const found = await problem(await create(lines));
    expect([found.code, found.status]).toEqual([code, status]);
    expect(found.detail).toMatch(detail);
  });

  it("for more photographs by SHA-256 than can be looked up", async () => {
    const { create } = await withBatches({ limits: { storedLines: 2 } });
    const found = await problem(await create([good, good, good]));
    expect(found).toMatchObject({ code: "body_too_large", limit: { limit: 2, actual: 3 } });
    expect(found.detail).toMatch(/SHA-256/);
    expect((await problem(await create([good, good]))).code).toBe("images_missing");
  });

  it("for photographs that are not stored, which are named", async () => {
    const { create, lines } = await withBatches();
    const manifest = [
      ...(await lines({ a: ["image 1"] })),
      good,
      { ...good, sha256: "b".repeat(64) },
    ];
    const found = await problem(await create(manifest));
    expect(found).toMatchObject({ code: "images_missing", missing: [good.sha256, "b".repeat(64)] });
    expect(found.detail).toContain("line 2");
  });

  it.each([
    ["?formats=gif", /gif/],
    ["?parallelism=4", /3/],
    ["?on_error=skip", /on_error/],
  ])("for the option %s", async (query, detail) => {
    const { create } = await withBatches();
    const found = await problem(await create([good], query));
    expect(found.code).toBe("option_invalid");
    expect(found.detail).toMatch(detail);
  });

  it("by a deployment without batches, and by type", async () => {
    const { request } = setUp();
    const manifest = { method: "POST", body: JSON.stringify(good) };
    const headers = { "content-type": "application/jsonl" };
    const found = await problem(await request("/v1/batches", { ...manifest, headers }));
    expect(found.detail).toContain("no batches");
    expect((await request("/v1/batches/x")).status).toBe(404);
    const other = await withBatches();
    const json = { ...manifest, headers: { "content-type": "application/json" } };
    expect((await other.request("/v1/batches", json)).status).toBe(415);
  });
});
