import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MIN_SECRET_LENGTH } from "../app/access/request-signature.ts";
import {
  type ApiKey,
  type HourPrice,
  hostNames,
  readApiKeys,
  webhookSecret,
} from "../app/index.ts";
import { type BucketAddress, readBucketAddress } from "./bucket/address.ts";
import { RUNTIMES, type RuntimeChoice } from "./device/open-runtime.ts";
import { Proxies } from "./http/proxies.ts";

/** What a server is told from outside. */
export interface ServerOptions {
  readonly runtime: RuntimeChoice;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Folder of the stores. */
  readonly data: string;
  /** Bytes that the stores may have on disk. */
  readonly dataBytes: number;
  /** What several servers share; then the folder is what lies near. */
  readonly store?: BucketAddress;
  /** Redis, through which several servers share their jobs; needs `store`. */
  readonly queue?: string;
  /** Jobs that run here at once, if it is not as many as usual. */
  readonly jobs?: number;
  /** Who may be told of a job's end, where there is a queue. */
  readonly webhooks?: { readonly secret: string; readonly hosts: readonly string[] };
  /** Photographs of batches, and masks, where callers have them in a bucket. */
  readonly batchBucket?: BucketAddress;
  /** What an hour of this machine costs. */
  readonly hourPrice?: HourPrice;
  /** What this server shares with the Workers before it. */
  readonly secret?: string;
  /** Keys of callers that come here directly. */
  readonly keys?: readonly ApiKey[];
  /** Of this deployment, before this server. */
  readonly proxies?: Proxies;
}

export const USAGE = `cosal-server: masks of what a group of photographs has in common, over HTTP.

  cosal-server [--runtime webgpu|native|wasm|auto] [--port 8788] [--host 127.0.0.1] [--data FOLDER]
  cosal-server lifecycle    prints the lifecycle rules of the bucket in COSAL_STORE

  --runtime  where the network runs: on a GPU (WebGPU), natively on the processor, in WebAssembly,
             or the first of these that there is (auto)
  --port     or PORT; 0 takes a free one
  --host     or HOST; other addresses than the loopback need a secret or keys
  --data     or COSAL_DATA: where results and photographs are kept
  --jobs     or COSAL_JOBS: jobs that run here at once, 4 by default; 0 leaves them to others

  COSAL_STORE           a bucket that several servers share: s3://bucket/prefix?endpoint=...&region=...
  COSAL_QUEUE           Redis, through which several servers share their jobs: redis://...
  WEBHOOK_HOSTS, WEBHOOK_SECRET  who may be told of a job's end, and what signs it
  COSAL_BACKEND_SECRET  what this server shares with the Workers before it (32 characters or more)
  API_KEY_LIST          keys of callers that come directly, as a JSON array
  COSAL_BATCH_BUCKET    where callers have photographs for batches: s3://bucket/prefix?endpoint=...
  COSAL_HOUR_PRICE      what an hour of this machine costs, for batches to tell: "0.79 EUR"
  COSAL_DATA_MIB        how much may be kept, 10240 by default
  COSAL_PROXIES         proxies whose X-Forwarded-For is believed: 10.0.0.0/8,192.0.2.1
`;

const MEBIBYTE = 1024 * 1024;
const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/**
 * Arguments first, then the environment, then the defaults.
 *
 * @throws TypeError for a value that has no meaning, and for a server that would be open to everybody
 */
export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): ServerOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runtime: { type: "string", default: "auto" },
      host: { type: "string", default: environment.HOST || "127.0.0.1" },
      port: { type: "string", default: environment.PORT || "8788" },
      data: { type: "string", default: environment.COSAL_DATA || defaultFolder(environment) },
      jobs: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const secret = environment.COSAL_BACKEND_SECRET || undefined;
  const store = environment.COSAL_STORE || undefined;
  const jobs = values.jobs ?? (environment.COSAL_JOBS || undefined);
  const queue = environment.COSAL_QUEUE || undefined;
  const webhooks = readWebhooks(environment, queue);
  const list = environment.API_KEY_LIST;
  const keys = list ? readApiKeys(list, "API_KEY_LIST") : undefined;
  if (secret !== undefined && secret.length < MIN_SECRET_LENGTH) {
    throw new TypeError(
      `Expected COSAL_BACKEND_SECRET to have ${MIN_SECRET_LENGTH} characters or more but received ${secret.length}`,
    );
  }
  if (!LOOPBACK.has(values.host) && secret === undefined && keys === undefined) {
    throw new TypeError(
      `Expected COSAL_BACKEND_SECRET or API_KEY_LIST, as ${values.host} is reached from other machines`,
    );
  }
  return {
    runtime: oneOf([...RUNTIMES, "auto"] as const, values.runtime, "--runtime"),
    host: values.host,
    port: integer(values.port, "the port", 0, 65_535),
    data: values.data,
    dataBytes: MEBIBYTE * integer(environment.COSAL_DATA_MIB || "10240", "COSAL_DATA_MIB", 1, 1e9),
    ...(jobs !== undefined && { jobs: integer(jobs, "--jobs", 0, 64) }),
    ...(queue !== undefined && { queue: readQueue(queue, store) }),
    ...(webhooks !== undefined && { webhooks }),
    ...(store !== undefined && { store: readBucketAddress(store, "COSAL_STORE") }),
    ...(environment.COSAL_BATCH_BUCKET && {
      batchBucket: readBucketAddress(environment.COSAL_BATCH_BUCKET, "COSAL_BATCH_BUCKET"),
    }),
    ...(environment.COSAL_HOUR_PRICE && { hourPrice: price(environment.COSAL_HOUR_PRICE) }),
    ...(secret !== undefined && { secret }),
    ...(keys !== undefined && { keys }),
    ...(environment.COSAL_PROXIES && { proxies: new Proxies(environment.COSAL_PROXIES) }),
  };
}

/** Jobs that any server takes need what any server can read. */
function readQueue(queue: string, store: string | undefined): string {
  if (!/^rediss?:$/.test(URL.parse(queue)?.protocol ?? "")) {
    throw new TypeError("Expected COSAL_QUEUE to be redis://host:6379 or rediss://host:6380");
  }
  if (store !== undefined) return queue;
  throw new TypeError("COSAL_QUEUE needs COSAL_STORE: any server may compute a job's photographs");
}

function readWebhooks(
  environment: Readonly<Record<string, string | undefined>>,
  queue: string | undefined,
): ServerOptions["webhooks"] {
  const secret = webhookSecret(environment);
  const hosts = hostNames("WEBHOOK_HOSTS", environment.WEBHOOK_HOSTS);
  if (secret === undefined || hosts.length === 0) return undefined;
  if (queue === undefined) throw new TypeError("WEBHOOK_HOSTS needs COSAL_QUEUE");
  return { secret, hosts };
}

/** For data that can be made again (XDG Base Directory Specification). */
function defaultFolder({ XDG_CACHE_HOME }: Readonly<Record<string, string | undefined>>): string {
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "cosal");
}

function oneOf<T extends string>(names: readonly T[], text: string, what: string): T {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new TypeError(`Expected ${what} to be ${names.join(", ")} but received ${text}`);
}

function integer(text: string, what: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new TypeError(`Expected ${what} to be from ${least} to ${most} but received ${text}`);
}

function price(text: string): HourPrice {
  const [, amount, currency] = /^(\d+(?:\.\d+)?) ([A-Z]{3})$/.exec(text) ?? [];
  if (amount !== undefined && currency !== undefined) return { amount: Number(amount), currency };
  throw new TypeError(`Expected COSAL_HOUR_PRICE to be like "0.79 EUR" but received ${text}`);
}
