import { describe, expect, it, vi } from "vitest";
import { digestOf, group, problem, setUp } from "../../../test/app-client.ts";
import { FAKE_LIMITS } from "../../../test/fakes.ts";

const _base64 = (text: string) => Buffer.from(text).toString("base64");

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
