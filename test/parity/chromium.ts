import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import type { segmentGroups } from "./segment.ts";

export const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

const root = join(import.meta.dirname, "..", "..");
const modules = join(root, "node_modules");
/** Where `/assets/` are looked for. */
const ASSETS = [
  "onnxruntime-web/dist",
  "@cwasm/jpeg-turbo",
  "@jsquash/webp/codec/dec",
  "@jsquash/avif/codec/dec",
].map((folder) => join(modules, folder));
const TYPES: Record<string, string> = {
  html: "text/html",
  js: "text/javascript",
  mjs: "text/javascript",
  wasm: "application/wasm",
};

/** Masks made in headless Chromium, on a page that is isolated from other origins. */
export async function inChromium(
  backend: "wasm" | "webgpu",
  groups: Parameters<typeof segmentGroups>[1],
): ReturnType<typeof segmentGroups> {
  const server = await serve();
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    // SwiftShader in place of a GPU. As root Chromium runs only without its sandbox.
    args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    return await page.evaluate(
      ([name, photographs]) =>
        (globalThis as unknown as { segmentInPage: typeof segmentInPage }).segmentInPage(
          name,
          photographs,
        ),
      [backend, groups] as const,
    );
  } finally {
    await browser.close();
    server.close();
  }
}

declare function segmentInPage(
  backend: "wasm" | "webgpu",
  groups: Parameters<typeof segmentGroups>[1],
): ReturnType<typeof segmentGroups>;

async function serve(): Promise<{ url: string; close(): void }> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "page.ts")],
    bundle: true,
    format: "esm",
    splitting: true,
    outdir: "/",
    write: false,
    logLevel: "error",
  });
  const scripts = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
  const read = async (path: string): Promise<Uint8Array | undefined> => {
    const name = basename(path);
    if (path === "/")
      return Buffer.from(`<!doctype html><script type="module" src="/page.js"></script>`);
    const files = path.startsWith("/model/")
      ? [join(root, "models", "cosal-lite", name)]
      : ASSETS.map((folder) => join(folder, name));
    const file = files.find(existsSync);
    return scripts.get(name) ?? (file === undefined ? undefined : readFile(file));
  };
  const server = createServer(async ({ url = "/" }, response) => {
    const body = await read(url);
    const extension = url === "/" ? "html" : (url.split(".").at(-1) as string);
    response
      .writeHead(body ? 200 : 404, {
        "content-type": TYPES[extension] ?? "application/octet-stream",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      })
      .end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}
