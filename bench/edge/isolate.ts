import { join } from "node:path";
import { unstable_startWorker } from "wrangler";
import { Inspector } from "../memory/inspector.ts";
import { residentOf } from "../resident.ts";

/** Bytes of an isolate that are in use, garbage collected, and MiB of the processes around it. */
export interface IsolateMemory {
  readonly objects: number;
  readonly buffers: number;
  readonly webAssembly: number;
  /** Of workerd, in which simulated stores live too, and of the proxy before it. */
  readonly resident: readonly number[];
}

export interface MeasuredWorker {
  readonly url: string;
  memory(): Promise<IsolateMemory>;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, "..", "..");

/** The Worker of wrangler.toml with all its bindings, and a look into its isolate. */
export async function startMeasuredWorker(): Promise<MeasuredWorker> {
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
      logLevel: "none",
      persist: false,
      watch: false,
    },
  });
  await worker.ready;
  const url = (await worker.url).origin;
  const inspector = await Inspector.connect((await worker.inspectorUrl) as URL);
  return {
    url,
    async memory() {
      const heaps = (await (await fetch(`${url}/heaps?collect`)).json()) as number[];
      const { usedSize, backingStorageSize } = await inspector.heapUsage();
      return {
        objects: usedSize,
        buffers: backingStorageSize,
        webAssembly: heaps.reduce((sum, bytes) => sum + bytes, 0),
        resident: residentOf("workerd"),
      };
    },
    async stop() {
      inspector.close();
      await worker.dispose();
    },
  };
}

export const MEMORY_HEAD = "  objects  buffers  WebAssembly    total   resident (Worker, proxy)";

export function memoryRow({ objects, buffers, webAssembly, resident }: IsolateMemory): string {
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  const total = mebibytes(objects + buffers + webAssembly);
  return [
    mebibytes(objects).padStart(9),
    mebibytes(buffers).padStart(8),
    mebibytes(webAssembly).padStart(12),
    total.padStart(8),
    `  ${resident.map((size) => size.toFixed(0)).join(", ")}`,
  ].join(" ");
}
