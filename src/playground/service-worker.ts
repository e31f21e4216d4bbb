// Keeps the page for when there is no network. What the page fetches itself and keeps (model and
// runtime, `engine/downloads.ts`) lies in the same cache.
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

/** The page as it is now, or as it was when there was a network. */
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

/** Files that do not change: of scripts, runtime, model and samples each is fetched once. */
async function kept(request: Request): Promise<Response> {
  const known = await caches.match(request);
  if (known !== undefined) return known;
  const response = await fetch(request);
  // The engine keeps its own downloads, whole.
  const isDownload = /\.(gz|onnx)$/.test(new URL(request.url).pathname);
  if (response.ok && !isDownload) await (await caches.open(CACHE)).put(request, response.clone());
  return response;
}
