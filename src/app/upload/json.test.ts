import { describe, expect, it } from "vitest";
import { digestOf, group, problem, setUp } from "../../../test/app-client.ts";

const _base64 = (text: string) => Buffer.from(text).toString("base64");

describe("JSON", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");

  it("takes photographs in base64, for the same group as a form", async () => {
    const { post, postJson } = setUp();
    const images = [{ id: "a.jpg", data: base64("image one") }, { data: base64("image two") }];
    const body = await group(await postJson({ images, options: { on_error: "fail" } }));
    expect(body.images.map(({ id }) => id)).toEqual(["a.jpg", "image"]);
    const same = await group(
      await post([
        ["x", "image two"],
        ["y", "image one"],
      ]),
    );
    expect([same.id, same.cache]).toEqual([body.id, "hit"]);
  });

  it("takes photographs by their SHA-256: at once if the group is known", async () => {
    const { post, postJson, calls } = setUp();
    const sent = await group(
      await post([
        ["a", "image one"],
        ["b", "image two"],
      ]),
    );
    const images = sent.images.map(({ sha256, id }) => ({ id: `${id}.jpg`, sha256 }));
    const again = await group(await postJson({ images }));
    expect([again.id, again.cache]).toEqual([sent.id, "hit"]);
    expect(again.images.map(({ id }) => id)).toEqual(["a.jpg", "b.jpg"]);
    expect(calls.length).toBe(1);
  });

  it("lists the photographs that are missing, and goes on when those were sent", async () => {
    const { postJson, put, calls } = setUp();
    await put("image one");
    const [one, two, three] = await Promise.all(
      ["image one", "image two", "image three"].map(digestOf),
    );
    const images = [{ sha256: three }, { id: "1", sha256: one }, { id: "2", sha256: two }];
    const refused = await postJson({ images });
    expect(refused.status).toBe(409);
    const body = await problem(refused);
    expect(body).toMatchObject({ code: "images_missing", missing: [three, two] });
    expect(body.errors).toMatchObject([
      { pointer: "#/images/0", image: "image", sha256: three },
      { pointer: "#/images/2", image: "2", sha256: two },
    ]);
    expect(calls).toEqual([]);
    await put("image two");
    const mixed = [{ data: base64("image three") }, ...images.slice(1)];
    const done = await group(await postJson({ images: mixed }));
    expect([done.cache, done.images.length]).toEqual(["miss", 3]);
    // What came with a group can be named from then on.
    expect((await group(await postJson({ images: [...images, { sha256: two }] }))).cache).toBe(
      "hit",
    );
  });

  it.each([
    [[{ id: 5, data: "aW1hZ2U=" }], {}, "#/images/0/id: expected a text, received a number."],
    [[{ id: "a" }], {}, '#/images/0: expected "sha256", "data" or "url" in it.'],
    [
      [{ sha256: "short" }],
      {},
      '#/images/0/sha256: expected a SHA-256 of 64 hex digits, received "short".',
    ],
    [[5], {}, "#/images/0: expected an object, received a number."],
    [[{ data: "" }, { data: "!" }], {}, "#/images/1/data: expected base64 or a data: URL of it."],
    [
      [{ data: "aW1hZ2U=" }],
      { format: "gif" },
      '#/options/format: expected "png", "webp", "binary", "rle", "polygons" or "svg", received "gif".',
    ],
    [
      [{ data: "aW1hZ2U=" }],
      { threshold: 1 },
      "#/options/threshold: expected less than 1, received 1.",
    ],
    [[{ data: "aW1hZ2U=" }], { colour: 1 }, "#/options/colour: no such field is expected here."],
  ])("says what is wrong in %j with %j", async (images, options, detail) => {
    const response = await setUp().postJson({ images, options });
    expect(response.status).toBe(400);
    const found = await problem(response);
    expect([found.code, found.detail]).toEqual(["body_invalid", detail]);
    const { pointer, detail: what } = found.errors![0]!;
    expect(`${pointer}: ${what}.`).toBe(detail);
  });

  it.each([
    [{ image: 0 }, "", 'expected "point", "box", "rle" or "png" in it'],
    [{ image: {}, point: [1, 1] }, "/image", "expected a number or a text, received an object"],
    [
      { image: 1.5, point: [1, 1] },
      "/image",
      "expected a whole number or a text, received a number",
    ],
    [{ image: 0, point: [1, "x"] }, "/point/1", "expected a number, received a text"],
    [{ image: 0, point: [1.5, 1] }, "/point/0", "expected a whole number, received 1.5"],
    [{ image: 0, box: [1, 2, 3] }, "/box", "expected at least 4 values, received 3"],
    [{ image: 0, box: [1, "x", -1, 4] }, "/box/1", "expected a number, received a text"],
    [
      { image: 0, rle: { size: [2, 3], counts: [1, -2] } },
      "/rle/counts/1",
      "expected at least 0, received -2",
    ],
    [7, "", "expected an object, received a number"],
  ])("says what is wrong in the seed %j", async (seed, pointer, detail) => {
    const images = [{ data: "aW1hZ2U=" }];
    const response = await setUp().postJson({ images, options: { seeds: [seed] } });
    const found = await problem(response);
    expect([found.code, found.errors![0]!]).toEqual([
      "body_invalid",
      { pointer: `#/options/seeds/0${pointer}`, detail },
    ]);
  });

  it.each([
    [{}, "#/images"],
    [{ images: [{ data: "aW1hZ2U=" }], seeds: [] }, "#/seeds"],
    [[1], "#"],
  ])("points at what is wrong in %j", async (body, pointer) => {
    const response = await setUp().postJson(body);
    expect((await problem(response)).errors![0]!.pointer).toBe(pointer);
  });

  it("takes data: URLs, and base64 that is safe in URLs", async () => {
    const { postJson } = setUp();
    const url = Buffer.from("image ???>>>").toString("base64url");
    expect(url).toMatch(/[-_]/);
    const images = [{ data: `data:image/jpeg;base64,${base64("image one")}` }, { data: url }];
    const body = await group(await postJson({ images }));
    expect(body.images.map(({ sha256 }) => sha256)).toEqual(
      await Promise.all(["image one", "image ???>>>"].map(digestOf)),
    );
  });

  it("takes a SHA-256 in capitals for the same, as addresses do", async () => {
    const { postJson, post, request } = setUp();
    const sent = await group(await post([["a.jpg", "image one"]]));
    const sha = sent.images[0]!.sha256;
    const again = await group(await postJson({ images: [{ sha256: sha.toUpperCase() }] }));
    expect([again.id, again.cache, again.images[0]!.sha256]).toEqual([sent.id, "hit", sha]);
    const missing = await digestOf("image two");
    const refused = await postJson({ images: [{ sha256: missing.toUpperCase() }] });
    expect((await problem(refused)).missing).toEqual([missing]);
    const put = await request(`/v1/images/${missing.toUpperCase()}`, {
      ...{ method: "PUT", body: "image two" },
    });
    expect([put.status, put.headers.get("location")]).toEqual([201, `/v1/images/${missing}`]);
    const [id, image] = [sent.id.toUpperCase(), sha.toUpperCase()];
    for (const path of [
      `/v1/images/${image}`,
      `/v1/groups/${id}`,
      `/v1/groups/${id}/consensus`,
      `/v1/groups/${id}/masks/${image}.png`,
      `/v1/groups/${sent.id}/cutouts/${image}.png`,
    ]) {
      const response = await request(path);
      expect(response.status).toBe(200);
      const plain = await request(path.replace(/[0-9A-F]{64}/g, (hex) => hex.toLowerCase()));
      expect(plain.headers.get("etag")).toBe(response.headers.get("etag"));
    }
    expect((await request(`/v1/groups/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await request(`/v1/groups/${id}/masks/${image}.png`)).status).toBe(404);
  });
});
