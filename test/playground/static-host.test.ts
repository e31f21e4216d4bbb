// The folder on a host that knows nothing of cosal: in a folder of its own, with no headers.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { buildPlayground } from "../../scripts/playground/build.ts";
import { chooseSamples, done, usesBrowser, visit } from "./browser.ts";

usesBrowser();

const FOLDER = "/tools/cosal/";
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".jpg": "image/jpeg",
};

test("any host of files: on one thread, without a service, and nothing asked of others", async () => {
  const { page, strangers, errors } = await visit(`${await serve()}?backend=wasm`);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await chooseSamples(page, ["hats/straw.jpg", "hats/turquoise.jpg"]);
  await done(page, /^2 photographs in/);
  expect(await page.locator(".where").textContent()).toContain("CPU, 1 thread");
  expect(await page.getByLabel("Service").isDisabled()).toBe(true);
  expect(strangers).toEqual([]);
  expect(errors).toEqual([]);
});

/** Address of the page, built anew: what `npm run build` leaves has its model elsewhere. */
async function serve(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "cosal-static-"));
  await buildPlayground(folder);
  const server = createServer(async ({ url = "" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const path = pathname === FOLDER ? "index.html" : pathname.slice(FOLDER.length);
    const body = pathname.startsWith(FOLDER)
      ? await readFile(join(folder, path)).catch(() => undefined)
      : undefined;
    const type = TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(body ? 200 : 404, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${FOLDER}`;
}
