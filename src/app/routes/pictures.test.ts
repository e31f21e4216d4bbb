import { describe, expect, it } from "vitest";
import { digestOf, form, group, problem, setUp } from "../../../test/app-client.ts";
import { fakeDecoder } from "../../../test/fakes.ts";
import { nodeDecoder, nodeWebpEncoder } from "../../codec/node.ts";
import { memoryStores, type StoresOf } from "../../group/index.ts";
import { renderer } from "../index.ts";

/** A deployment that keeps no photographs. */
function withoutImages(): StoresOf {
  const stores = memoryStores();
  const images = {
    isPersistent: false,
    get: async () => undefined,
    has: async () => new Set<string>(),
    put: async () => {},
    delete: async () => false,
  };
  return (tenant) => ({ ...stores(tenant), images });
}

describe("cut-outs and overlays", () => {
  it("need the photograph, and say so when it has gone", async () => {
    const { request, post } = setUp({
      render: renderer({ decoder: fakeDecoder, webp: nodeWebpEncoder() }),
    });
    const sha = await digestOf("image one");
    const body = await group(await post([["a.jpg", "image one"]], "?output=cutout&format=webp"));
    const { cutout } = body.images[0]!;
    expect(cutout).toEqual({
      url: `/v1/groups/${body.id}/cutouts/${sha}.webp`,
      type: "image/webp",
    });
    for (const path of [cutout!.url, `/v1/groups/${body.id}/overlays/${sha}.png`]) {
      const response = await request(path);
      expect(response.status).toBe(200);
      const pixels = await nodeDecoder().decode(new Uint8Array(await response.arrayBuffer()));
      expect([pixels.width, pixels.height]).toEqual([9, 8]);
    }
    expect((await request(`/v1/images/${sha}`, { method: "DELETE" })).status).toBe(204);
    const gone = await request(cutout!.url);
    expect([gone.status, (await problem(gone)).code]).toEqual([410, "image_expired"]);
    expect((await request(body.images[0]!.mask.url)).status).toBe(200);
  });

  it("are of the photograph's pixels: opaque where the object is, tinted there", async () => {
    const { request, post } = setUp();
    const body = await group(await post([["a.jpg", "image one"]], "?output=cutout"));
    const base = `/v1/groups/${body.id}`;
    const sha = body.images[0]!.sha256;
    const pixels = async (path: string) => {
      const response = await request(path);
      return (await nodeDecoder().decode(new Uint8Array(await response.arrayBuffer()))).data;
    };
    // The fake's photographs are of grey 200; the left half is object.
    const cut = await pixels(`${base}/cutouts/${sha}.png`);
    const [left, right] = [cut.subarray(0, 4), cut.subarray(4 * 8, 4 * 9)];
    expect([...left.subarray(0, 3)]).toEqual([200, 200, 200]);
    expect(left[3]).toBeGreaterThan(250);
    expect(right[3]).toBeLessThan(5);
    const laid = await pixels(`${base}/overlays/${sha}.png`);
    expect(laid[0]! - laid[1]!).toBeGreaterThan(50);
    for (const sample of laid.subarray(4 * 8, 4 * 8 + 3))
      expect(Math.abs(sample - 200)).toBeLessThan(5);
    expect((await request(`${base}/cutouts/${sha}.webp`)).status).toBe(404);
    expect((await request(`${base}/cutouts/${sha}.svg`)).status).toBe(404);
  });

  it("can be sent along before the photograph is stored", async () => {
    const { request } = setUp({ stores: withoutImages() });
    const body = form([["a.jpg", "image one"]]);
    for (const accept of ["application/zip", "multipart/mixed"]) {
      const init = { method: "POST", body, headers: { accept } };
      const response = await request("/v1/groups?output=cutout", init);
      expect(response.status).toBe(200);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(500);
    }
    const inline = await group(
      await request("/v1/groups?output=cutout&inline=masks", { method: "POST", body }),
    );
    const { cutout, mask } = inline.images[0]!;
    expect(Buffer.from(cutout!.data!, "base64").subarray(1, 4).toString()).toBe("PNG");
    expect(mask.data).toBeUndefined();
    expect((await request(cutout!.url)).status).toBe(410);
  });

  it("are not made of very large photographs", async () => {
    const { request, post, dependencies } = setUp();
    const small = { ...dependencies.limits, renderedPixels: 10 };
    const body = await group(await post([["a.jpg", "image one"]], "?output=overlay"));
    const other = setUp({ limits: small, stores: dependencies.stores });
    const response = await other.request(body.images[0]!.overlay!.url);
    expect((await problem(response)).limit).toEqual({ name: "pixels", limit: 10, actual: 72 });
    expect((await request(body.images[0]!.overlay!.url)).status).toBe(200);
  });
});
