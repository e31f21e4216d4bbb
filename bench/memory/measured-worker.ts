import { unstable_startWorker } from "wrangler";
import { type HeapUsage, Inspector } from "./inspector.ts";

/** What an isolate holds at one moment, in bytes. */
export interface Sample extends HeapUsage {
  /** Each WebAssembly memory. V8 in workerd leaves them out of its own account. */
  readonly heaps: readonly number[];
}

export const heapsOf = ({ heaps }: Sample) => heaps.reduce((sum, bytes) => sum + bytes, 0);
export const totalOf = (sample: Sample) =>
  sample.usedSize + sample.backingStorageSize + heapsOf(sample);

type StartedWorker = Awaited<ReturnType<typeof unstable_startWorker>>;
type Bindings = Parameters<typeof unstable_startWorker>[0]["bindings"];

export interface MeasuredWorkerOptions {
  /** Path of its wrangler.toml. */
  readonly config: string;
  /** In place of that file's own. */
  readonly entrypoint?: string;
  readonly assets?: string;
  readonly bindings?: Bindings;
  /** Of workerd's own messages; "error" unless given. */
  readonly logLevel?: "none" | "error";
}

/** Variables as bindings. */
export function plainTexts(variables: Readonly<Record<string, string>>): Bindings {
  const entries = Object.entries(variables).map(([name, value]) => [
    name,
    { type: "plain_text" as const, value },
  ]);
  return Object.fromEntries(entries);
}

/** A Worker in workerd that answers `/heaps` with `heapsResponse` of the instrument. */
export class MeasuredWorker {
  readonly origin: string;
  readonly #inspector: Inspector;
  readonly #worker: StartedWorker;

  private constructor(origin: string, inspector: Inspector, worker: StartedWorker) {
    this.origin = origin;
    this.#inspector = inspector;
    this.#worker = worker;
  }

  static async start({
    logLevel = "error",
    ...options
  }: MeasuredWorkerOptions): Promise<MeasuredWorker> {
    process.env.MINIFLARE_WORKERD_V8_FLAGS = "--expose-gc";
    process.env.WRANGLER_SEND_METRICS ??= "false";
    process.env.CLOUDFLARE_CF_FETCH_ENABLED ??= "false";
    const worker = await unstable_startWorker({
      ...options,
      dev: {
        server: { hostname: "127.0.0.1", port: 0 },
        inspector: { hostname: "127.0.0.1", port: 0 },
        logLevel,
        persist: false,
        watch: false,
      },
    });
    await worker.ready;
    const { origin } = await worker.url;
    const { href } = (await worker.inspectorUrl) as URL;
    const inspector = await Inspector.connect(new URL("/ws", href.replace(/^http/, "ws")));
    return new MeasuredWorker(origin, inspector, worker);
  }

  /** V8's own figures alone: the Worker is not asked. */
  usage(): Promise<HeapUsage> {
    return this.#inspector.heapUsage();
  }

  /** The same without garbage. */
  liveUsage(): Promise<HeapUsage> {
    return this.#inspector.liveUsage();
  }

  /** @param collect whether garbage is collected first */
  async sample(collect: boolean): Promise<Sample> {
    const response = await fetch(`${this.origin}/heaps${collect ? "?collect" : ""}`);
    const heaps = (await response.json()) as number[];
    return { ...(await this.usage()), heaps };
  }

  async stop(): Promise<void> {
    this.#inspector.close();
    await this.#worker.dispose();
  }
}
