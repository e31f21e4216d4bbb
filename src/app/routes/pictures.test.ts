import { describe, expect, it } from "vitest";
import { digestOf, group, problem, setUp } from "../../../test/app-client.ts";
import { nodeDecoder, nodeWebpEncoder } from "../../codec/node.ts";

describe("cut-outs and overlays", () => {
  it("need the photograph, and say so when it has gone", async () => {
    const { request, post } = setUp({ webp: nodeWebpEncoder() });
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
    expect([...cut.slice(0, 4), ...cut.slice(4 * 8, 4 * 9)]).toEqual([
      ...[200, 200, 200, 255],
      ...[0, 0, 0, 0],
    ]);
    const laid = await pixels(`${base}/overlays/${sha}.png`);
    expect(laid[0]).toBeGreaterThan(laid[1]!);
    expect([...laid.slice(4 * 8, 4 * 9)]).toEqual([200, 200, 200, 255]);
    expect((await request(`${base}/cutouts/${sha}.webp`)).status).toBe(404);
    expect((await request(`${base}/cutouts/${sha}.svg`)).status).toBe(404);
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
