import { describe, expect, it } from "vitest";
import { digestOf, group, problem, setUp } from "../../../test/app-client.ts";
import { nodeDecoder } from "../../codec/node.ts";

const FILES: [string, string][] = [
  ["a.jpg", "image one"],
  ["b.jpg", "image two"],
];

async function pixelsOf(response: Response) {
  expect(response.status).toBe(200);
  return nodeDecoder().decode(await response.bytes());
}

describe("cut-outs on a canvas", () => {
  it("have its size, background and place, and are cached by what was asked for", async () => {
    const { request, post } = setUp();
    const { id, images } = await group(await post(FILES));
    const path = `/v1/groups/${id}/cutouts/${images[0]?.sha256}.png`;
    const response = await request(`${path}?canvas=64x48&background=%23336699&align=bottom`);
    const etag = response.headers.get("etag");
    expect(response.headers.get("cache-control")).toContain("immutable");
    const { width, height, data } = await pixelsOf(response);
    expect([width, height]).toEqual([64, 48]);
    expect([...data.subarray(0, 4)]).toEqual([0x33, 0x66, 0x99, 255]);
    const tags = new Set([etag]);
    for (const query of ["", "&margin=20%25", "&shadow=true", "&scale=each", "&align=bottom"]) {
      const other = await request(`${path}?canvas=64x48${query}`);
      await pixelsOf(other);
      tags.add(other.headers.get("etag"));
    }
    expect(tags.size).toBe(6);
    const same = await request(`${path}?align=bottom&background=369&canvas=64x48`);
    expect(same.headers.get("etag")).toBe(etag);
    const headers = { "if-none-match": etag as string };
    const known = `${path}?background=369&canvas=64x48&align=bottom`;
    expect((await request(known, { headers })).status).toBe(304);
  });

  it("are linked to, and come in archives and in the JSON", async () => {
    const { request, post } = setUp();
    const query = "?output=cutout&canvas=64x48&background=fff&shadow=true";
    const body = await group(await post(FILES, query));
    const url = body.images[0]?.cutout?.url as string;
    expect(url).toMatch(/\.png\?canvas=64x48&background=%23ffffff&shadow=true$/);
    const file = await (await request(url)).bytes();
    const inline = await group(await post(FILES, `${query}&inline=masks`));
    expect(Buffer.from(inline.images[0]?.cutout?.data as string, "base64")).toEqual(
      Buffer.from(file),
    );
    const archive = await post(FILES, query, { accept: "application/zip" });
    expect(Buffer.from(await archive.bytes()).includes(Buffer.from(file))).toBe(true);
    const parts = await post(FILES, query, { accept: "multipart/mixed" });
    expect(Buffer.from(await parts.bytes()).includes(Buffer.from(file))).toBe(true);
  });

  it("leave out photographs that do not show the object", async () => {
    const { post } = setUp();
    const files: [string, string][] = [...FILES, ["c.jpg", "image nothing"]];
    const query = "?output=cutout&canvas=64x48";
    const { images } = await group(await post(files, query));
    expect(images.map(({ cutout }) => cutout !== undefined)).toEqual([true, true, false]);
    const archive = await post(files, query, { accept: "application/zip" });
    const text = Buffer.from(await archive.bytes()).toString("latin1");
    expect(text).toContain("cutouts/b.png");
    expect(text).not.toContain("cutouts/c.png");
  });

  it("stand before a stored photograph, for as long as it is stored", async () => {
    const { request, post, put } = setUp();
    const { id, images } = await group(await post(FILES));
    const background = await digestOf("image backdrop");
    const path = `/v1/groups/${id}/cutouts/${images[0]?.sha256}.png?canvas=64x48&background=${background}`;
    const missing = await request(path);
    expect([missing.status, (await problem(missing)).code]).toEqual([410, "image_expired"]);
    await put("image backdrop");
    const { data } = await pixelsOf(await request(path));
    expect([...data.subarray(0, 4)]).toEqual([200, 200, 200, 255]);
    await request(`/v1/images/${background}`, { method: "DELETE" });
    expect((await request(path)).status).toBe(410);
  });

  it("are refused by name where something is wrong", async () => {
    const { request, post } = setUp();
    const { id, images } = await group(await post(FILES));
    const path = `/v1/groups/${id}/cutouts/${images[0]?.sha256}.png`;
    for (const [query, said] of [
      ["canvas=64", /canvas.*1200x1200/],
      ["canvas=9999x64", /canvas.*4096/],
      ["canvas=64x64&margin=8", /margin.*8%/],
      ["canvas=64x64&margin=50%25", /margin/],
      ["canvas=64x64&align=top", /align/],
      ["canvas=64x64&background=beige", /background/],
      ["canvas=64x64&shadow=1", /shadow/],
      ["shadow=true", /shadow needs a canvas/],
    ] as const) {
      const response = await request(`${path}?${query}`);
      const { code, detail } = await problem(response);
      expect([query, response.status, code]).toEqual([query, 400, "option_invalid"]);
      expect(detail).toMatch(said);
    }
    const mask = await request(`/v1/groups/${id}/masks/${images[0]?.sha256}.png?canvas=64x64`);
    expect(mask.status).toBe(400);
    const other = await post(FILES, "?output=overlay&canvas=64x64");
    expect((await problem(other)).detail).toMatch(/output=cutout/);
  });
});
