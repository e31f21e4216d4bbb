import { describe, expect, it } from "vitest";
import { digestOf, group, problem, setUp } from "../../../test/app-client.ts";
import { FAKE_LIMITS } from "../../../test/fakes.ts";

/** Each is as many pixels wide as it has bytes, and 8 high. */
const FILES = ["a", "b", "c"].map((name) => [`${name}.jpg`, `image ${name}`.padEnd(100)]) as [
  string,
  string,
][];
const limit = { name: "rendered pixels", limit: 2000, actual: 2400 };
const limited = () => setUp({ limits: { ...FAKE_LIMITS, responsePixels: 2000 } });

const ZIP = { accept: "application/zip" };
const PARTS = { accept: "multipart/mixed" };
const EVENTS = { accept: "text/event-stream" };

describe("the files of one response", () => {
  it.each<[string, Record<string, string>]>([
    ["", ZIP],
    ["?format=svg", ZIP],
    ["?output=cutout&size=model", ZIP],
    ["", PARTS],
    ["?inline=masks", {}],
    ["?inline=masks&format=rle", {}],
    ["?inline=masks", EVENTS],
  ])(
    "are refused before anything is computed if they have too many pixels: %s %o",
    async (query, headers) => {
      const { post, calls } = limited();
      const response = await post(FILES, query, headers);
      const body = await problem(response);
      expect([response.status, body.code]).toEqual([413, "group_too_many_pixels"]);
      expect(body.limit).toEqual(limit);
      expect(body.detail).toMatch(/2400 pixels together; at most 2000 .* links .* size=model/);
      expect(calls).toEqual([]);
    },
  );

  it.each<[string, Record<string, string>]>([
    ["", {}],
    ["", EVENTS],
    ["?output=logits", PARTS],
    ["?size=model", ZIP],
    ["?inline=masks&size=model", {}],
  ])("that are not rendered, or small, do not count: %s %o", async (query, headers) => {
    const response = await limited().post(FILES, query, headers);
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  });

  it("of photographs that came by name count when they are rendered", async () => {
    const { postJson, put } = limited();
    for (const [, contents] of FILES) await put(contents);
    const images = await Promise.all(
      FILES.map(async ([id, contents]) => ({ id, sha256: await digestOf(contents) })),
    );
    const inline = await postJson({ images }, "?inline=masks");
    expect(await problem(inline)).toMatchObject({ code: "group_too_many_pixels", limit });
    const zip = await postJson({ images }, "", ZIP);
    await expect(zip.arrayBuffer()).rejects.toThrow("2400 pixels");
    // The masks are there: each has its own address.
    const { images: found } = await group(await postJson({ images }));
    expect(found).toHaveLength(3);
  });
});
