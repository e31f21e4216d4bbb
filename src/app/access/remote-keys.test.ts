import { exportJWK } from "jose";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { problem, setUp } from "../../../test/app-client.ts";
import { jwtAuthenticator } from "./jwt.ts";
import { remoteKeys } from "./remote-keys.ts";
import { bearer, identityProvider } from "./testing.ts";

const URL = "https://id.example.com/jwks.json";
const MINUTE = 60_000;

/** An app that believes an identity provider, and what the provider's address does when asked. */
async function withProvider() {
  const { policy, publicKey, sign } = await identityProvider();
  const published = [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" }];
  const answers = async () => Response.json({ keys: published });
  const away = async () => {
    throw new TypeError("connect ECONNREFUSED");
  };
  const fetch = vi.fn<() => Promise<Response>>(answers);
  const log: Record<string, unknown>[] = [];
  const keys = remoteKeys(URL, { log: (entry) => log.push(entry), fetch });
  const { request } = setUp({ authenticate: jwtAuthenticator({ ...policy, keys }) });
  const send = async (token: string) => request("/v1/models", { headers: bearer(token) });
  const status = async (token: string) => (await send(token)).status;
  // Time stands still but where a test moves it, and tokens end.
  const token = (kid = "k1") => sign({}, { kid });
  return { answers, away, fetch, log, published, send, status, token };
}

describe("an identity provider's keys", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    return () => vi.useRealTimers();
  });

  it("are fetched from where it publishes them, once, and not at all for what is no token", async () => {
    const { fetch, status, token } = await withProvider();
    expect(await status("no.token.atall")).toBe(401);
    expect(fetch).not.toHaveBeenCalled();
    expect(await status(await token())).toBe(200);
    expect(await status(await token())).toBe(200);
    // An unknown key may be a new one, but who asks for many does not make us fetch as often.
    for (let i = 0; i < 5; i++) expect(await status(await token(`k${i + 2}`))).toBe(401);
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(fetch.mock.lastCall).toMatchObject([URL, { redirect: "manual" }]);
  });

  it("are looked for anew when they are old, or a token has a new one", async () => {
    const { fetch, published, status, token } = await withProvider();
    expect(await status(await token())).toBe(200);
    vi.advanceTimersByTime(10 * MINUTE);
    expect(await status(await token())).toBe(200);
    expect(fetch).toHaveBeenCalledTimes(2);
    published.push({ ...published[0]!, kid: "k2" });
    vi.advanceTimersByTime(MINUTE);
    expect(await status(await token("k2"))).toBe(200);
    expect(fetch).toHaveBeenCalledTimes(3);
    published.shift();
    vi.advanceTimersByTime(10 * MINUTE);
    expect(await status(await token("k1"))).toBe(401);
  });

  it("are fetched by one request at a time", async () => {
    const { answers, fetch, status, token } = await withProvider();
    fetch.mockImplementation(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return answers();
    });
    const tokens = await Promise.all(Array.from({ length: 10 }, () => token()));
    const statuses = Promise.all(tokens.map(status));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await statuses).toEqual(Array(10).fill(200));
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it("that cannot be had make nobody's token invalid", async () => {
    const { answers, away, fetch, log, send, status, token } = await withProvider();
    fetch.mockImplementation(away);
    const valid = await token();
    for (let i = 0; i < 20; i++) {
      const response = await send(valid);
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
      expect((await problem(response)).code).toBe("authentication_unavailable");
    }
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(log).toMatchObject([{ level: "error", url: URL, error: expect.any(TypeError) }]);
    expect(JSON.stringify(log)).not.toContain(valid);
    vi.advanceTimersByTime(5_000);
    fetch.mockImplementation(answers);
    expect(await status(valid)).toBe(200);
  });

  it.each([
    ["an error", async () => new Response("down", { status: 502 })],
    ["a redirect", async () => new Response(null, { status: 302, headers: { location: "/" } })],
    ["a page", async () => new Response("<html>", { headers: { "content-type": "text/html" } })],
    ["something else", async () => Response.json({ error: "maintenance" })],
  ])("are not replaced by %s", async (_, answer) => {
    const { fetch, log, status, token } = await withProvider();
    expect(await status(await token())).toBe(200);
    fetch.mockImplementation(answer);
    vi.advanceTimersByTime(11 * MINUTE);
    expect(await status(await token())).toBe(200);
    expect(log).toMatchObject([{ level: "warn", event: expect.stringContaining("not fetched") }]);
  });

  it("are used for some hours while the provider is away, the last ones", async () => {
    const { away, fetch, status, token } = await withProvider();
    expect(await status(await token())).toBe(200);
    fetch.mockImplementation(away);
    for (let minutes = 20; minutes < 240; minutes += 20) {
      vi.advanceTimersByTime(20 * MINUTE);
      expect([minutes, await status(await token())]).toEqual([minutes, 200]);
    }
    // Whether an unknown key is a new one cannot be told.
    expect(await status(await token("k2"))).toBe(503);
    vi.advanceTimersByTime(20 * MINUTE);
    expect(await status(await token())).toBe(503);
  });

  it("are used by others while one request looks whether there are new ones", async () => {
    const { fetch, status, token } = await withProvider();
    const valid = await token();
    expect(await status(valid)).toBe(200);
    vi.advanceTimersByTime(10 * MINUTE);
    fetch.mockImplementation(() => new Promise(() => {}));
    const later = await token();
    status(later);
    expect(await status(later)).toBe(200);
    expect(fetch).toHaveBeenCalledTimes(2);
  });
});
