import type { Service } from "../context/service.ts";
import { apiDocument } from "../openapi/document.ts";
import type { Router } from "./router.ts";
import { notHere, pathParameter } from "./shared.ts";

/** Files of the package swagger-ui-dist that the page needs; the host serves them from its assets. */
export const DOCS_ASSETS = ["swagger-ui.css", "swagger-ui-bundle.js"] as const;

/** Allows only files from this host: no CDN, no inline script. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>cosal: the HTTP API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript>The description is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null });\n`;

const CACHE = { "cache-control": "public, max-age=300" };

/** Routes of the documentation. They are not part of the OpenAPI document. */
export function docsRoutes(router: Router, { host }: Service): void {
  const document = apiDocument(router.app);
  router.page("/openapi.json", (c) => c.json(document(), 200, CACHE));
  router.page("/docs", (c) =>
    c.html(PAGE, 200, { ...CACHE, "content-security-policy": CONTENT_SECURITY_POLICY }),
  );
  router.page("/docs/start.js", (c) =>
    c.body(START, 200, { ...CACHE, "content-type": "text/javascript; charset=utf-8" }),
  );
  router.page("/docs/:asset", async (c) => {
    const name = DOCS_ASSETS.find((asset) => asset === pathParameter(c, "asset"));
    const response = name && (await host.docsAsset?.(name));
    if (!response?.ok) throw notHere("page");
    const type = name?.endsWith(".css") ? "text/css" : "text/javascript";
    return new Response(response.body, {
      headers: { ...CACHE, "content-type": `${type}; charset=utf-8` },
    });
  });
}
