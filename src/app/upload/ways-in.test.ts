import { describe, expect, it, vi } from "vitest";
import { digestOf, form, group, problem, setUp } from "../../../test/app-client.ts";
import { FAKE_LIMITS, fakeDecoder } from "../../../test/fakes.ts";
import type { Limits } from "../../client/api.ts";
import type { SeedMask } from "../../engine/index.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("photographs stored one by one", () => {
  it("are checked while they are stored, and can be read back", async () => {
    const { put, request } = setUp();
    const sha = await digestOf("image one");
    expect((await request(`/v1/images/${sha}`, { method: "HEAD" })).status).toBe(404);
    const created = await put("image one");
    expect(created.status).toBe(201);
    expect(await created.json()).toEqual({
      sha256: sha,
      type: "image/jpeg",
      bytes: 9,
      width: 9,
      height: 8,
    });
    expect((await put("image one")).status).toBe(200);
    const response = await request(`/v1/images/${sha}`);
    expect(response.headers.get("content-type")).toBe("image/jpeg");
    expect(response.headers.get("etag")).toBe(`"${sha}"`);
    expect(response.headers.get("cache-control")).toMatch(/^private/);
    const base64 = Buffer.from(sha, "hex").toString("base64");
    expect(response.headers.get("repr-digest")).toBe(`sha-256=:${base64}:`);
    expect(await response.text()).toBe("image one");
    expect((await request(`/v1/images/${sha}`, { method: "HEAD" })).status).toBe(200);
    const headers = { "if-none-match": `"${sha}"` };
    expect((await request(`/v1/images/${sha}`, { headers })).status).toBe(304);
  });

  it("are refused under a wrong name or digest, and nothing is stored", async () => {
    const { request, put } = setUp();
    const sha = await digestOf("image two");
    const wrong = await request(`/v1/images/${sha}`, { method: "PUT", body: "image one" });
    expect([wrong.status, (await problem(wrong)).code]).toEqual([422, "digest_mismatch"]);
    expect((await request(`/v1/images/${sha}`)).status).toBe(404);

    const digest = async (algorithm: string, text: string) =>
      Buffer.from(await crypto.subtle.digest(algorithm, Buffer.from(text))).toString("base64");
    const right = `sha-256=:${await digest("SHA-256", "image two")}:`;
    const long = `sha-512=:${await digest("SHA-512", "image two")}:`;
    const headers = (value: string) => ({ "repr-digest": value });
    const bad = `sha-512=:${await digest("SHA-512", "image one")}:`;
    expect((await put("image two", headers(`${right}, ${bad}`))).status).toBe(422);
    expect((await put("image two", headers("sha-256=abc"))).status).toBe(400);
    expect((await put("image two", headers("sha-256=:!:"))).status).toBe(400);
    expect((await request(`/v1/images/${sha}`)).status).toBe(404);
    const unknown = "md5=:AAAA:";
    expect((await put("image two", headers(`${right}, ${long}, ${unknown}`))).status).toBe(201);
  });

  it("have to be photographs, of an allowed size", async () => {
    const { put, request } = setUp();
    const text = await put("a text");
    expect([text.status, (await problem(text)).code]).toEqual([415, "image_type_unsupported"]);
    const large = await put(`image ${"x".repeat(FAKE_LIMITS.imageBytes)}`);
    expect([large.status, (await problem(large)).code]).toEqual([413, "image_too_large"]);
    expect((await request("/v1/images/short", { method: "PUT", body: "image" })).status).toBe(404);
  });

  it("are removed with their features", async () => {
    const { put, request, stores } = setUp();
    const sha = await digestOf("image one");
    await put("image one");
    await stores("").features.put(`model/${sha}`, new Uint8Array(3));
    expect((await request(`/v1/images/${sha}`, { method: "DELETE" })).status).toBe(204);
    expect((await request(`/v1/images/${sha}`)).status).toBe(404);
    expect(await stores("").features.get(`model/${sha}`)).toBeUndefined();
    expect((await request(`/v1/images/${sha}`, { method: "DELETE" })).status).toBe(404);
  });
});

describe("a form", () => {
  const file = (text: string, name: string) =>
    `--b\r\nContent-Disposition: form-data; name="image"; filename="${name}"\r\n\r\n${text}\r\n`;
  const send = (body: BodyInit) =>
    setUp().request("/v1/groups", {
      ...{ method: "POST", body, duplex: "half" },
      headers: { "content-type": "multipart/form-data; boundary=b" },
    } as RequestInit);
  const idsOf = async (body: BodyInit) => {
    const response = await send(body);
    expect(response.status).toBe(200);
    return (await group(response)).images.map(({ id }) => id);
  };
  const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

  it.each([
    ["an empty line", "\r\n"],
    ["a preamble", "This is a form.\r\nThis --b is no boundary.\r\n"],
  ])("may begin with %s", async (_, preamble) => {
    const body = `${preamble}${file("image one", "a.jpg")}${file("image two", "b.jpg")}--b--\r\nEnd`;
    expect(await idsOf(body)).toEqual(["a.jpg", "b.jpg"]);
  });

  it.each([
    [String.raw`C:\fakepath\cat.jpg`, String.raw`C:\fakepath\cat.jpg`],
    [String.raw`a\"b.jpg`, 'a"b.jpg'],
    ["caf\xe9.jpg", "café.jpg"],
    ["\xff\xfe", "ÿþ"],
    ["\xe7\x8c\xab.jpg", "猫.jpg"],
  ])("may name a file %j", async (name, id) => {
    expect(await idsOf(latin1(`${file("image", name)}--b--\r\n`))).toEqual([id]);
  });

  it.each([
    ["Go writes it", "\r\n--b--\r\n"],
    ["browsers write it", "--b--\r\n"],
    ["browsers write an input without a file", `${file("", "")}--b--\r\n`],
  ])("is empty as %s", async (_, body) => {
    const response = await send(body);
    expect([response.status, (await problem(response)).code]).toEqual([400, "group_empty"]);
  });

  it("may arrive in pieces of any size", async () => {
    const bytes = latin1(`${file(`image ${"x".repeat(10_000)}`, "a.jpg")}--b--\r\n`);
    let at = 0;
    let size = 0;
    const body = new ReadableStream({
      pull(controller) {
        size = (size % 60) + 1;
        const piece = bytes.subarray(at, at + size);
        at += size;
        controller.enqueue(piece);
        if (at >= bytes.length) controller.close();
      },
    });
    expect(await idsOf(body)).toEqual(["a.jpg"]);
  });
});

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

describe("photographs by URL", () => {
  const url = "https://photos.example.com/a%20cat.jpg";
  const image = (text = "image one", headers = {}) =>
    new Response(text, { headers: { "content-type": "image/jpeg", ...headers } });
  const policy = (answer: (url: string) => Response | Promise<Response>) => {
    const fetched: string[] = [];
    const fetch = (async (input: string) => {
      fetched.push(input);
      return answer(input);
    }) as typeof globalThis.fetch;
    return { fetched, urls: { hosts: ["photos.example.com", "cdn.example.com"], fetch } };
  };

  it("are off by default", async () => {
    const fetch = vi.spyOn(globalThis, "fetch");
    const { postJson } = setUp();
    const response = await postJson({ images: [{ url }] });
    expect([response.status, (await problem(response)).code]).toEqual([422, "url_refused"]);
    expect(fetch).not.toHaveBeenCalled();
    fetch.mockRestore();
  });

  it("are fetched from allowed hosts, over redirects to allowed hosts", async () => {
    const { urls, fetched } = policy((at) =>
      at.includes("photos.")
        ? new Response(null, { status: 302, headers: { location: "//cdn.example.com/1" } })
        : image(),
    );
    const { postJson } = setUp({ urls });
    const body = await group(await postJson({ images: [{ url }] }));
    expect(body.images[0]!.id).toBe("a cat.jpg");
    expect(body.images[0]!.sha256).toBe(await digestOf("image one"));
    expect(fetched).toEqual([url, "https://cdn.example.com/1"]);
  });

  it.each([
    "http://photos.example.com/a.jpg",
    "https://evil.example.com/a.jpg",
    "https://photos.example.com.evil.com/a.jpg",
    "https://photos.example.com:8443/a.jpg",
    "https://user:pass@photos.example.com/a.jpg",
    "https://127.0.0.1/a.jpg",
    "https://[::1]/a.jpg",
    "file:///etc/passwd",
    "data:image/png;base64,AAAA",
  ])("are refused: %s", async (bad) => {
    const { urls, fetched } = policy(() => image());
    const { postJson } = setUp({ urls });
    const response = await postJson({ images: [{ id: "a", url: bad }] });
    expect(response.status).toBe(422);
    const found = await problem(response);
    expect([found.code, found.errors![0]!.pointer]).toEqual(["url_refused", "#/images/0"]);
    expect(fetched).toEqual([]);
  });

  it.each<[string, () => Response | Promise<Response>, string]>([
    ["a redirect off the list", () => Response.redirect("https://169.254.169.254/"), "url_refused"],
    ["a redirect to http", () => Response.redirect("http://cdn.example.com/"), "url_refused"],
    ["redirects without end", () => Response.redirect(url), "url_failed"],
    ["an error", () => new Response("", { status: 404 }), "url_failed"],
    [
      "another type",
      () => new Response("image", { headers: { "content-type": "text/html" } }),
      "url_failed",
    ],
    ["a host that is down", () => Promise.reject(new TypeError("no route")), "url_failed"],
    [
      "too many bytes",
      () => image(`image ${"x".repeat(FAKE_LIMITS.imageBytes)}`),
      "image_too_large",
    ],
    [
      "an announced giant",
      () => image("image", { "content-length": "9999999999" }),
      "image_too_large",
    ],
    ["no image", () => image("a text"), "image_type_unsupported"],
  ])("are refused for %s", async (_, answer, code) => {
    const { urls } = policy(answer);
    const { postJson } = setUp({ urls });
    const response = await postJson({ images: [{ id: "a", url }] });
    const found = await problem(response);
    expect([found.code, found.errors![0]!.pointer]).toEqual([code, "#/images/0"]);
  });
});

describe("seeds", () => {
  const send = async (client: ReturnType<typeof setUp>, seeds: unknown) => {
    const body = form([
      ["a.jpg", "image one"],
      ["b.jpg", "image two"],
    ]);
    body.append("options", JSON.stringify({ seeds }));
    return client.request("/v1/groups", { method: "POST", body });
  };

  it("reach the network, on the image that they name, and make another group", async () => {
    const client = setUp();
    const plain = await group(await send(client, []));
    const sha = plain.images[1]!.sha256;
    const ids = new Set([plain.id]);
    const place = [...plain.images.map(({ sha256 }) => sha256)].sort().indexOf(sha);
    for (const image of [1, "b.jpg", sha, sha.toUpperCase()]) {
      const body = await group(await send(client, [{ image, point: [3, 4] }]));
      expect(client.segmenter.seeds.at(-1)).toEqual([{ image: place, point: [3, 4] }]);
      ids.add(body.id);
    }
    expect(ids.size).toBe(2);
    const box = await group(await send(client, [{ image: 0, box: [1, 2, 3, 4] }]));
    expect(ids.has(box.id)).toBe(false);
    const rle = { size: [8, 9], counts: [1, 2, 69] };
    await send(client, [{ image: 0, rle }]);
    const [marked] = client.segmenter.seeds.at(-1) as unknown as [{ readonly mask: SeedMask }];
    // Two of the 24 pixels that its first third has.
    expect([marked.mask.width, marked.mask.height]).toEqual([3, 1]);
    expect(Array.from(marked.mask.data, Math.round)).toEqual([21, 0, 0]);
    await send(client, [{ image: 0, png: base64("image png") }]);
    const [stretched] = client.segmenter.seeds.at(-1) as unknown as [{ readonly mask: SeedMask }];
    expect(Array.from(stretched.mask.data, Math.round)).toEqual([200, 200, 200]);
  });

  it("that are equal masks are read once, and kept in cells of the network", async () => {
    const decode = vi.fn(fakeDecoder.decode);
    const client = setUp({ decoder: { ...fakeDecoder, decode } });
    const png = base64(`image png ${" ".repeat(3000)}`);
    const seeds = Array.from({ length: 256 }, (_, i) => ({ image: i % 2, png }));
    expect((await send(client, seeds)).status).toBe(200);
    expect(decode).toHaveBeenCalledTimes(1);
    for (const seed of client.segmenter.seeds.at(-1) ?? []) {
      expect(seed).toMatchObject({ mask: { width: 3, height: 1 } });
    }
  });

  it("have a budget of pixels, all masks of a request together", async () => {
    // A few bytes that say they are of the largest size.
    const decode = vi.fn(fakeDecoder.decode);
    const client = setUp({
      decoder: {
        ...fakeDecoder,
        decode,
        inspect: (bytes) => ({
          ...fakeDecoder.inspect(bytes),
          ...(fakeDecoder.inspect(bytes).type === "image/png" && { width: side, height: side }),
        }),
      },
    });
    const { seeds: limits } = (await (await client.request("/v1/limits")).json()) as Limits;
    const side = Math.sqrt(limits.pixels);
    const most = limits.total_pixels / limits.pixels;
    const seeds = Array.from({ length: most + 2 }, (_, i) => ({
      image: 0,
      png: base64(`image png ${i}`),
    }));
    expect((await send(client, [...seeds.slice(0, most), ...seeds.slice(0, most)])).status).toBe(
      200,
    );
    expect(decode).toHaveBeenCalledTimes(most);
    const response = await send(client, seeds);
    expect(response.status).toBe(422);
    const found = await problem(response);
    expect(found.errors).toMatchObject([{ pointer: `#/options/seeds/${most}` }]);
    expect(found.limit).toMatchObject({ limit: limits.total_pixels });
    expect(decode).toHaveBeenCalledTimes(2 * most);
  });

  it.each([
    [[{ image: 2, point: [1, 1] }]],
    [[{ image: "c.jpg", point: [1, 1] }]],
    [[{ image: 0, rle: { size: [8, 9], counts: [1, 2] } }]],
    [[{ image: 0, rle: { size: [8, 9], counts: "!" } }]],
    [[{ image: 0, rle: { size: [9, 8], counts: [72] } }]],
    [[{ image: 0, rle: { size: [16000, 16000], counts: [256000000] } }]],
    [[{ image: 0, png: base64("a text") }]],
    [[{ image: 0, png: base64("image of another type") }]],
  ])("are refused: %j", async (seeds) => {
    const response = await send(setUp(), seeds);
    expect(response.status).toBe(422);
    const found = await problem(response);
    expect([found.code, found.errors![0]!.pointer]).toEqual(["seed_invalid", "#/options/seeds/0"]);
  });

  it("have run lengths of their photograph's size, also where that is named by its SHA-256", async () => {
    const { postJson, put } = setUp();
    await put("image one");
    const ask = (size: number[], counts: number[]) =>
      postJson({
        images: [{ id: "a.jpg", sha256: digest }],
        options: { seeds: [{ image: "a.jpg", rle: { size, counts } }] },
      });
    const digest = await digestOf("image one");
    const refused = await problem(await ask([4, 18], [72]));
    expect([refused.code, refused.detail]).toEqual([
      "seed_invalid",
      '#/options/seeds/0: The mask\'s size, [height, width], is [4, 18]; image "a.jpg" has [8, 9].',
    ]);
    expect((await ask([8, 9], [1, 71])).status).toBe(200);
  });
});

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
