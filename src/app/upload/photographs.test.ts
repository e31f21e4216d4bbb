import { describe, expect, it } from "vitest";
import { digestOf, problem, setUp } from "../../../test/app-client.ts";
import { FAKE_LIMITS } from "../../../test/fakes.ts";

const _base64 = (text: string) => Buffer.from(text).toString("base64");

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
