import type { Service } from "../context/service.ts";
import { PAGE_HEADERS } from "./page-headers.ts";
import type { Router } from "./router.ts";
import { notHere } from "./shared.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  json: "application/json",
  webmanifest: "application/manifest+json",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  wasm: "application/wasm",
};

/** Files whose name has a hash or a version in it. */
const IS_PERMANENT = /^\/playground\/(runtime-|[^/]+-[\w-]{8}\.)/;

/** The playground: a page and its files. It is not part of the API. */
export function pageRoutes(router: Router, { host }: Service): void {
  const { pageFile } = host;
  if (pageFile === undefined) return;

  async function respond(path: string): Promise<Response> {
    const response = await pageFile?.(path);
    if (!response?.ok) throw notHere("page");
    return new Response(response.body, {
      headers: {
        ...PAGE_HEADERS,
        "content-type": TYPES[path.split(".").at(-1) as string] ?? "application/octet-stream",
        "cache-control": IS_PERMANENT.test(path)
          ? "public, max-age=31536000, immutable"
          : "public, max-age=0, must-revalidate",
      },
    });
  }

  router.page("/", () => respond("/index.html"));
  router.page("/service-worker.js", () => respond("/service-worker.js"));
  for (const folder of ["playground", "models"]) {
    router.page(`/${folder}/*`, (c) => respond(new URL(c.req.url).pathname));
  }
}
