import { expect, test } from "vitest";
import { setUp } from "../../../test/app-client.ts";

const FILES: Record<string, string> = {
  "/index.html": "<!doctype html>",
  "/service-worker.js": "self",
  "/playground/index-0aB_c-9z.js": "export {}",
  "/models/cosal-lite/manifest.json": "{}",
};

const { app } = setUp({
  async pageFile(path) {
    return FILES[path] === undefined ? undefined : new Response(FILES[path]);
  },
});

test.each([
  ["/", "text/html; charset=utf-8", "max-age=0"],
  ["/service-worker.js", "text/javascript; charset=utf-8", "max-age=0"],
  ["/playground/index-0aB_c-9z.js", "text/javascript; charset=utf-8", "immutable"],
  ["/models/cosal-lite/manifest.json", "application/json", "max-age=0"],
])("%s is served isolated, under a strict policy", async (path, type, cache) => {
  const response = await app.request(path);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.headers.get("cache-control")).toContain(cache);
  const policy = response.headers.get("content-security-policy") as string;
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|\*/);
  expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(response.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
});

test("what the page does not have is a problem like any other", async () => {
  const response = await app.request("/playground/none.js");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "not_found" });
});

test("a host without the page has none", async () => {
  expect((await setUp().app.request("/")).status).toBe(404);
});
