import { describe, expect, it, vi } from "vitest";
import { digestOf, form, group, problem, setUp } from "../../../test/app-client.ts";
import { fakeDecoder } from "../../../test/fakes.ts";
import type { Limits } from "../../client/api.ts";
import type { SeedMask } from "../../engine/index.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

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

  it("may mark what is not meant, which makes another group", async () => {
    const client = setUp();
    for (const seed of [
      { image: 1, point: [3, 4] },
      { image: 1, box: [1, 2, 3, 4] },
      { image: 1, png: base64("image png") },
      { image: 1, rle: { size: [8, 9], counts: [1, 2, 69] } },
    ]) {
      const { id } = await group(await send(client, [seed]));
      const [positive] = client.segmenter.seeds.at(-1) ?? [];
      expect((await group(await send(client, [{ ...seed, negative: false }]))).id).toBe(id);
      const other = await group(await send(client, [{ ...seed, negative: true }]));
      expect(other.id).not.toBe(id);
      expect(client.segmenter.seeds.at(-1)).toEqual([{ ...positive, negative: true }]);
    }
    const wrong = await send(client, [{ image: 1, point: [3, 4], negative: "yes" }]);
    expect((await problem(wrong)).errors?.[0]?.pointer).toMatch("#/options/seeds/0");
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
