// `npm run bench:edge:load [-- REQUESTS]`: that load leaves nothing behind. First 30 equal requests at
// once, of which one may compute; then as many different small ones as said, one after another, with
// the isolate's memory after every tenth of them, garbage collected: V8's objects, ArrayBuffers and
// WebAssembly memories, and the resident size of workerd.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { unstable_startWorker } from "wrangler";
import { fresh } from "../../test/photographs.ts";
import { machine } from "../machine.ts";
import { Inspector } from "../memory/inspector.ts";
import { residentOf } from "../resident.ts";

const [requests = 1000] = process.argv.slice(2).map(Number);
const TOGETHER = 30;
const root = join(import.meta.dirname, "..", "..");
process.env.MINIFLARE_WORKERD_V8_FLAGS = "--expose-gc";
process.env.WRANGLER_SEND_METRICS ??= "false";
process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";

const worker = await unstable_startWorker({
  config: join(root, "wrangler.toml"),
  entrypoint: join(root, "bench/memory/worker.ts"),
  bindings: { RATE_LIMITS: { type: "plain_text", value: "off" } },
  dev: {
    server: { hostname: "127.0.0.1", port: 0 },
    inspector: { hostname: "127.0.0.1", port: 0 },
    logLevel: "error",
    persist: false,
    watch: false,
  },
});
await worker.ready;
const { origin } = await worker.url;
const inspector = await Inspector.connect((await worker.inspectorUrl) as URL);
const photograph = await readFile(join(root, "test/fixtures/images/progressive.jpg"));

async function post(tail: string): Promise<string> {
  const form = new FormData();
  form.append("image", new File([fresh(Uint8Array.from(photograph).buffer, tail)], "image.jpg"));
  const response = await fetch(`${origin}/v1/groups`, { method: "POST", body: form });
  const body = (await response.json()) as { cache?: string };
  if (!response.ok) throw new Error(`${response.status}: ${JSON.stringify(body)}`);
  return body.cache ?? "";
}

console.log(machine());
await post("warm-up");
const answers = await Promise.all(Array.from({ length: TOGETHER }, () => post("together")));
const counts = Object.groupBy(answers, (cache) => cache);
const told = Object.entries(counts).map(([cache, all]) => `${all?.length} ${cache}`);
console.log(`\n${TOGETHER} equal requests at once: ${told.join(", ")}`);

console.log(`\n${requests} different requests; MiB, garbage collected\n`);
console.log("    done  objects  buffers  WebAssembly    total  resident (Worker, proxy)");
const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
for (let done = 0; done <= requests; done++) {
  if (done % Math.ceil(requests / 10) === 0) {
    const heaps = (await (await fetch(`${origin}/heaps?collect`)).json()) as number[];
    const { usedSize, backingStorageSize } = await inspector.heapUsage();
    const wasm = heaps.reduce((sum, bytes) => sum + bytes, 0);
    const total = usedSize + backingStorageSize + wasm;
    const sizes = [usedSize, backingStorageSize, wasm, total].map(mebibytes);
    const resident = residentOf("workerd").map((size) => size.toFixed(0));
    console.log(
      `${String(done).padStart(8)} ${sizes[0]?.padStart(8)} ${sizes[1]?.padStart(8)} ` +
        `${sizes[2]?.padStart(12)} ${sizes[3]?.padStart(8)}  ${resident.join(", ")}`,
    );
  }
  if (done < requests) await post(`distinct ${done}`);
}
inspector.close();
await worker.dispose();
