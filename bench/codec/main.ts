// `npm run bench:codec`: milliseconds that it takes to bring a photograph to the network's input
// (320 x 320) and a mask to a file, in Node and in workerd, on one thread. JPEGs by libjpeg-turbo
// at reduced scale, beside the same of all pixels and beside mozjpeg, which decodes all pixels.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import mozjpegFactory from "@jsquash/jpeg/codec/dec/mozjpeg_dec.js";
import { unstable_startWorker } from "wrangler";
import { nodeDecoder } from "../../src/codec/node.ts";
import { toTensor } from "../../src/codec/resample.ts";
import { openSquoosh, type SquooshFactory } from "../../src/codec/wasm/emscripten.ts";
import { machine } from "../machine.ts";
import { syntheticPhotograph } from "../photographs.ts";
import { decoding, rendering, type Subject } from "./subjects.ts";

const SIZES = [
  [1200, 833],
  [4000, 3000],
] as const;
const MINIMUM_MILLISECONDS = 400;
process.env.WRANGLER_SEND_METRICS ??= "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";

const module = async (specifier: string) =>
  WebAssembly.compile(await readFile(new URL(import.meta.resolve(specifier))));

/** Mean milliseconds of a run: after a first one, as many as fit a while. */
async function timed(runs: (count: number) => Promise<unknown>): Promise<number> {
  await runs(1);
  const once = performance.now();
  await runs(1);
  const count = Math.ceil(MINIMUM_MILLISECONDS / Math.max(0.5, performance.now() - once));
  const start = performance.now();
  await runs(count);
  return (performance.now() - start) / count;
}

const here = (subject: Subject) =>
  timed(async (count) => {
    for (let i = 0; i < count; i++) await subject();
  });

const worker = await unstable_startWorker({
  config: join(import.meta.dirname, "wrangler.toml"),
  dev: {
    server: { hostname: "127.0.0.1", port: 0 },
    inspector: false,
    logLevel: "error",
    persist: false,
    watch: false,
  },
});
await worker.ready;
const { origin } = await worker.url;
const inWorkerd = (name: string) =>
  timed(async (runs) => {
    const query = new URLSearchParams({ name, runs: String(runs) });
    const response = await fetch(`${origin}/?${query}`, { signal: AbortSignal.timeout(60_000) });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  });

function row(title: string, ...values: readonly (number | undefined)[]): void {
  const columns = values.map((value) => (value?.toFixed(1) ?? "").padStart(9));
  console.log(title.padEnd(44) + columns.join(""));
}

console.log(machine());
console.log(`\n${"mean milliseconds".padEnd(44)}     Node  workerd`);
for (const [width, height] of SIZES) {
  console.log(`\n${width} x ${height}`);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  files.set("JPEG", await syntheticPhotograph(width, height, 1));
  const form = new FormData();
  for (const [name, bytes] of files) form.append(name, new File([bytes], name));
  await fetch(`${origin}/files`, { method: "POST", body: form });
  for (const [name, subject] of decoding(nodeDecoder(), files)) {
    row(name, await here(subject), await inWorkerd(name));
  }
  const mozjpeg = await openSquoosh(
    mozjpegFactory as unknown as SquooshFactory,
    await module("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm"),
    2 ** 30,
    [false],
  );
  for (const [name, file] of files) {
    const size = { width, height, eighths: 8 };
    const format = { width: 320, height: 320, mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const decode = () => mozjpeg.decode(file, (pixels) => toTensor(pixels, format), size);
    row(`${name}: mozjpeg`, await here(decode));
  }
  await fetch(`${origin}/masks?${new URLSearchParams({ width: `${width}`, height: `${height}` })}`);
  const webp = await module("@jsquash/webp/codec/enc/webp_enc_simd.wasm");
  for (const [name, subject] of rendering(width, height, webp)) {
    row(`mask: ${name}`, await here(subject), await inWorkerd(name));
  }
}
await worker.dispose();
