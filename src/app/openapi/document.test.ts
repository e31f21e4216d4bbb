import { describe, expect, it } from "vitest";
import { setUp } from "../../../test/app-client.ts";
import { DescribedClient } from "../../../test/openapi.ts";
import { ERROR_CODES } from "../../errors.ts";

interface Described {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { summary?: string; responses: object }>>;
}

describe("the description", () => {
  it("is OpenAPI 3.1, and every reference in it leads somewhere", async () => {
    const response = await setUp().request("/openapi.json");
    const text = await response.text();
    const document = JSON.parse(text) as Described & Record<string, unknown>;
    expect(document.openapi).toBe("3.1.0");
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of new Set(references)) {
      const found = reference
        .split("/")
        .reduce<unknown>((at, step) => (at as Record<string, unknown>)?.[step], document);
      expect(found, reference).toBeDefined();
    }
  });

  it("has every route that there is, and no other", async () => {
    const { app, request } = setUp();
    const { paths } = (await (await request("/openapi.json")).json()) as Described;
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routed = app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`)
      .filter((route) => !/ \/(docs|openapi\.json)/.test(route));
    expect(described.sort()).toEqual([...new Set(routed)].sort());
    for (const operations of Object.values(paths)) {
      for (const { summary } of Object.values(operations)) expect(summary).toMatch(/\w+/);
    }
  });

  it("is held against answers: what is not in it is found", async () => {
    const { app } = setUp();
    const answer = (status: number, body: unknown, type = "application/json") => {
      const headers = { "content-type": type, "x-request-id": "1" };
      const made = new Response(JSON.stringify(body), { status, headers });
      return new DescribedClient((path) => (path === "/openapi.json" ? app.request(path) : made));
    };
    await answer(200, { status: "ok" }).request("/healthz");
    const wrong = [
      answer(200, { status: "fine" }),
      answer(200, {}),
      answer(201, { status: "ok" }),
      answer(200, { status: "ok" }, "text/html"),
      answer(500, { status: "ok" }),
    ];
    for (const client of wrong)
      await expect(client.request("/healthz")).rejects.toThrow("/healthz");
  });

  it("is shown by a page that loads nothing from elsewhere", async () => {
    const asked: string[] = [];
    const { request } = setUp({
      async docsAsset(name) {
        asked.push(name);
        return new Response("asset");
      },
    });
    const page = await request("/docs");
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    const policy = page.headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|script-src[^;]*unsafe/);
    const html = await page.text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url!);
    expect(links.length).toBe(4);
    for (const link of links) {
      expect(link).toMatch(/^\/[a-z]/);
      expect((await request(link)).status).toBe(200);
    }
    expect(html).not.toMatch(/<script>/);
    expect(asked.sort()).toEqual(["swagger-ui-bundle.js", "swagger-ui.css"]);
    expect((await request("/docs/../package.json")).status).toBe(404);
    expect((await request("/docs/secret.js")).status).toBe(404);
    expect((await setUp().request("/docs/swagger-ui.css")).status).toBe(404);
  });
});

describe("problems", () => {
  it("are each documented at the address that is their type", async () => {
    const { request } = setUp();
    for (const code of ERROR_CODES) {
      const response = await request(`/problems/${code}`);
      expect(await response.json()).toMatchObject({ code, type: `/problems/${code}` });
    }
    for (const code of ["toString", "nothing"]) {
      expect((await request(`/problems/${code}`)).status).toBe(404);
    }
  });
});

describe("the service", () => {
  it("is alive", async () => {
    const response = await setUp().request("/healthz");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok" });
  });

  it("is ready when one of its backends is, and says why the others are not", async () => {
    expect((await setUp().request("/readyz")).status).toBe(200);
    const states = [
      { name: "gpu-1", ready: false, reason: "circuit open for 12 s" },
      { name: "wasm", ready: true, reason: "loaded" },
    ];
    const ready = await setUp({ readiness: async () => states }).request("/readyz");
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: "ready", backends: states },
    ]);
    const none = await setUp({ readiness: async () => states.slice(0, 1) }).request("/readyz");
    expect([none.status, await none.json()]).toMatchObject([503, { status: "unready" }]);
  });
});
