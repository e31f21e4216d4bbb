import { describe, expect, it } from "vitest";
import { group, problem, setUp } from "../../../test/app-client.ts";
import { encodeConsensus } from "../../engine/index.ts";
import { sha256 } from "../../group/index.ts";

describe("a consensus file", () => {
  const { request, dependencies } = setUp();
  const data = Float32Array.from({ length: 8 }, (_, i) => i / 8);

  async function consensusOf(shape: readonly [number, number] = [2, 4], digest?: string) {
    const [model] = await dependencies.models();
    return encodeConsensus({ model: digest ?? model!.digest, shape, data });
  }

  async function put(bytes: Uint8Array<ArrayBuffer>, name?: string): Promise<Response> {
    const path = `/v1/groups/${name ?? (await sha256(bytes))}/consensus`;
    const headers = { "content-type": "application/vnd.cosal.consensus" };
    return request(path, { method: "PUT", body: bytes, headers });
  }

  it("is a group without photographs, with which others are masked", async () => {
    const bytes = await consensusOf();
    const id = await sha256(bytes);
    const created = await put(bytes);
    expect([created.status, created.headers.get("location")]).toEqual([201, `/v1/groups/${id}`]);
    expect(await created.json()).toMatchObject({ id, images: [], skipped: [] });
    expect((await put(bytes)).status).toBe(200);
    expect((await request(`/v1/groups/${id}`)).status).toBe(200);
    const stored = await request(`/v1/groups/${id}/consensus`);
    expect(new Uint8Array(await stored.arrayBuffer())).toEqual(bytes);

    const body = new FormData();
    body.append("image", new File(["image one"], "a.jpg"));
    const masked = await request(`/v1/groups/${id}/images`, { method: "POST", body });
    expect(await group(masked)).toMatchObject({ consensus_of: id, images: [{ id: "a.jpg" }] });

    expect((await request(`/v1/groups/${id}`, { method: "DELETE" })).status).toBe(204);
    expect((await request(`/v1/groups/${id}/consensus`)).status).toBe(404);
  });

  it.each([
    ["of another name", 422, "digest_mismatch", () => consensusOf(), "a".repeat(64)],
    ["of another model", 409, "consensus_incompatible", () => consensusOf([2, 4], "e".repeat(64))],
    ["of another shape", 422, "consensus_invalid", () => consensusOf([4, 2])],
    ["of no consensus", 422, "consensus_invalid", async () => new Uint8Array(100).fill(7)],
    ["of nothing", 422, "consensus_invalid", async () => new Uint8Array()],
    ["that is cut", 422, "consensus_invalid", async () => (await consensusOf()).slice(0, -1)],
    ["that is large", 422, "consensus_invalid", async () => new Uint8Array(1_000_000)],
  ])("%s is refused by name", async (_, status, code, make, name?: string) => {
    const response = await put(await make(), name);
    expect([response.status, (await problem(response)).code]).toEqual([status, code]);
  });
});
