// `resize: true` in a real browser, with its canvas.
import { join } from "node:path";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { enlargedExample } from "../../bench/photographs.ts";
import type * as Client from "../../src/client/index.ts";
import { Cosal } from "../../src/client/index.ts";
import { decodeLogits } from "../../src/codec/index.ts";
import { CHROMIUM } from "../parity/chromium.ts";
import { type Service, startCosalServer } from "./services.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const NAMES = ["on-a-rock.jpg", "by-a-hedge.jpg", "in-a-wooden-box.jpg"];
const [WIDTH, HEIGHT] = [1600, 1200];

let service: Service;
let browser: Browser;
let page: Page;
let photographs: Buffer[];
/** Bytes of what the page uploads. */
const uploads: number[] = [];

beforeAll(async () => {
  if (CHROMIUM === undefined) return;
  service = await startCosalServer();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  photographs = await Promise.all(
    NAMES.map(async (name) => Buffer.from(await enlargedExample(`cats/${name}`, WIDTH, HEIGHT))),
  );
  const entry = join(import.meta.dirname, "..", "..", "src", "client", "index.ts");
  const { outputFiles } = await build({
    ...{
      entryPoints: [entry],
      bundle: true,
      format: "iife",
      globalName: "client",
      write: false,
      logLevel: "error",
    },
  });
  page = await browser.newPage();
  const serve = (path: string, contentType: string, body: string | Buffer) =>
    page.route(`${service.url}/test/${path}`, (route) => route.fulfill({ contentType, body }));
  await serve(
    "page.html",
    "text/html",
    `<!doctype html><title>test</title><script src="client.js"></script>`,
  );
  await serve("client.js", "text/javascript", outputFiles[0]?.text ?? "");
  for (const [i, name] of NAMES.entries())
    await serve(name, "image/jpeg", photographs[i] as Buffer);
  page.on("request", (request) => {
    if (request.method() === "PUT") uploads.push(request.postDataBuffer()?.length ?? 0);
  });
  await page.goto(`${service.url}/test/page.html`);
});
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

it.skipIf(CHROMIUM === undefined)(
  "sends a canvas' JPEGs; masks have the size of photographs",
  async () => {
    const masks = await page.evaluate(async (names) => {
      const { Cosal } = (globalThis as unknown as { client: typeof Client }).client;
      const files = names.map(async (name) => {
        const blob = await (await fetch(`/test/${name}`)).blob();
        return new File([blob], name, { type: "image/jpeg" });
      });
      const group = await new Cosal({ url: location.origin }).group(await Promise.all(files), {
        resize: true,
      });
      return Promise.all(
        group.masks.map(async (mask) => ({
          ...{ id: mask.id, width: mask.width, height: mask.height },
          logits: Array.from(await mask.bytes("logits")),
        })),
      );
    }, NAMES);
    expect(masks.map(({ id, width, height }) => [id, width, height])).toEqual(
      NAMES.map((name) => [name, WIDTH, HEIGHT]),
    );
    for (const bytes of uploads) expect(bytes).toBeLessThan(100_000);
    expect(uploads).toHaveLength(NAMES.length);

    const whole = await new Cosal(service).group(
      NAMES.map((name, i) => new File([new Uint8Array(photographs[i] as Buffer)], name)),
    );
    for (const [i, { id, logits }] of masks.entries()) {
      const reduced = (await decodeLogits(Uint8Array.from(logits))).logits.data;
      const wanted = (await decodeLogits(await whole.masks[i]!.bytes("logits"))).logits.data;
      const agree = reduced.filter((logit, k) => logit >= 0 === (wanted[k] as number) >= 0);
      expect(agree.length / wanted.length, id).toBeGreaterThan(0.98);
    }
  },
);
