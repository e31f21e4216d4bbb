// Keeps the page available without a network. The page itself caches model and runtime
// (`engine/downloads.ts`), in the same cache.
/// <reference lib="webworker" />
import { CACHE } from "./engine/downloads.ts";

declare const self: ServiceWorkerGlobalScope;

const SHELL = "cosal-page";
const PAGE = new URL("./", self.location.href).href;
const KEPT = /\/(playground|models)\//;

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

async function install(): Promise<void> {
  const shell = await caches.open(SHELL);
  const wanted = [PAGE, ...FILES.map((file) => new URL(file, PAGE).href)];
  await shell.addAll(wanted);
  for (const { url } of await shell.keys()) if (!wanted.includes(url)) await shell.delete(url);
  await self.skipWaiting();
}

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { href, origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (href.split("?")[0] === PAGE) event.respondWith(newest(request));
  else if (KEPT.test(pathname) && !pathname.endsWith("manifest.json")) {
    event.respondWith(kept(request));
  }
});

/** The current page. Without a network, the last one that was loaded. */
async function newest(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.ok) await (await caches.open(SHELL)).put(PAGE, response.clone());
    return response;
  } catch (error) {
    const known = await caches.match(PAGE);
    if (known === undefined) throw error;
    return known;
  }
}

/** Scripts, runtime, model and samples never change under their URLs, so each is fetched once. */
async function kept(request: Request): Promise<Response> {
  const known = await caches.match(request);
  if (known !== undefined) return known;
  const response = await fetch(request);
  // The engine caches its own downloads when they are complete.
  const isDownload = /\.(gz|onnx)$/.test(new URL(request.url).pathname);
  if (response.ok && !isDownload) await (await caches.open(CACHE)).put(request, response.clone());
  return response;
}
