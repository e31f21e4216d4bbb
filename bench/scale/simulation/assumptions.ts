/*
 * All numbers that the simulation begins with. Each says where it is from: measured by a program of this
 * repository, a property of the code, a price or limit that somebody has published, or ASSUMED.
 */

const HOUR = 3600;
const DAY = 24 * HOUR;

export const WORKLOAD = {
  /** ASSUMED: between what was found for pages of the web, .64 to .83 (Breslau et al., 1999). */
  exponent: 0.8,
  /** ASSUMED: different groups, as days of requests. */
  groupDays: 30,
  /** ASSUMED: different photographs for each different group. */
  photographsPerGroup: 5,
  /** ASSUMED: photographs in a group, and how often. Ten in the mean. */
  sizes: [
    [2, 0.2],
    [5, 0.5],
    [16, 0.25],
    [64, 0.05],
  ],
  /** ASSUMED: the busiest hour against the mean one. Servers are counted for it. */
  peak: 2,
  /** ASSUMED: bytes of a photograph of a megapixel. */
  imageBytes: 300_000,
  /** ASSUMED: each mask is fetched so often, in a request of its own. */
  fetches: 1,
} as const;

/** How long things are kept, in seconds: src/stores/retention.ts, src/edge/stores/stores.ts. */
export const KEPT = {
  isolate: 60,
  dataCentre: HOUR,
  near: HOUR,
  features: DAY,
  results: 30 * DAY,
} as const;

/** Groups whose results an isolate has room for: 4 MiB, about 100 photographs (src/edge/stores). */
export const ISOLATE_ROOM = 10;

/** Photographs whose features a server has room for: 512 MiB of .73 MiB (src/server/limits.ts). */
export const MEMORY_ROOM = 700;

/** ASSUMED: Cloudflare's data centres, as unequal as groups are; isolates are started where half are busy. */
export const CENTRES = { count: 300, exponent: 0.8, load: 0.5 } as const;

/** A Worker, in seconds of its thread, at 320 x 320 (src/edge/dispatch/cost.ts; README, "how fast"). */
export const WORKER = {
  read: 0.01,
  encode: 0.094,
  decode: 0.034,
  /** Hashes and mask files, for a photograph (docs/deploy.md, "what it costs"). */
  files: 0.03,
  /** What is cheaper stays in the Worker where there are GPUs: WASM_PREFERRED_MS. */
  preferred: 2,
  /** What sending a group to a GPU server costs the Worker (docs/deploy.md). */
  send: 0.1,
  /** A request that finds its group (bench:edge tells ratios; this is ASSUMED). */
  hit: 0.002,
} as const;

/**
 * A server with a GPU. The cores' times are those of `npm run bench:engine` on one thread of a Xeon, all
 * less the network (README): 30 ms for a photograph, of which a third is ASSUMED to be the mask. Those of
 * the GPU are ASSUMED: nothing was measured on one. An encoder run is ASSUMED to cost 4 ms and .5 ms for
 * each image (2.5 GFLOP at a tenth of an A10G's 31 TFLOP/s, and what a run itself takes in WebGPU).
 */
export const GPU_SERVER = {
  cores: 16,
  times: {
    read: 0.02,
    group: 0.005,
    mask: 0.01,
    gpu: {
      encode: (images: number) => 0.004 + 0.0005 * images,
      decode: (images: number) => 0.002 + 0.0002 * images,
    },
  },
  /** ASSUMED: servers are added above this share of their cores, or of their GPUs. */
  load: 0.7,
  /** ASSUMED: of less than this share of one, Workers do without. */
  worthwhile: 0.01,
} as const;

/** Medians in seconds, and how far they spread (the sigma of a lognormal distribution). ASSUMED. */
export const LATENCY = {
  dataCentre: { median: 0.005, sigma: 0.5 },
  bucket: { median: 0.05, sigma: 0.6 },
  s3: { median: 0.03, sigma: 0.6 },
  disk: { median: 0.001, sigma: 0.5 },
  toGpu: { median: 0.04, sigma: 0.4 },
} as const;

/** What is shared by all servers and does not grow with their number. */
export const SHARED_LIMITS = {
  /** ASSUMED: commands a second of one Redis process. */
  redis: 100_000,
  /** Each partition of a bucket; Amazon splits by itself, in 30 to 60 minutes (S3 user guide). */
  s3Puts: 3_500,
  s3Gets: 5_500,
  /** ASSUMED: bits a second of a server's network. */
  network: 10e9,
} as const;

/** Redis commands (src/server/cluster): limits of a key; the lease of a group. ASSUMED counts. */
export const REDIS_COMMANDS = { request: 2, miss: 6 } as const;

/** US dollars, beyond what plans include. */
export const PRICES = {
  /** docs/deploy.md, November 2026: Cloudflare's pages of Workers, R2 and Durable Objects. */
  workerRequest: 0.3e-6,
  workerCpuSecond: 0.02e-3,
  r2Write: 4.5e-6,
  r2Read: 0.36e-6,
  r2ByteMonth: 0.015e-9,
  durableObjectRequest: 0.15e-6,
  /** S3 Standard, us-east-1, list price. From memory: look it up before you rely on it. */
  s3Write: 5e-6,
  s3Read: 0.4e-6,
  s3ByteMonth: 0.023e-9,
  /**
   * An hour of a g5.4xlarge (A10G, 16 cores). g5.xlarge with 4 cores was 1.006 in us-east-1 in June 2026
   * (factualminds.com, "Amazon EC2 On-Demand Pricing"); the larger is from memory.
   */
  gpuServerHour: 1.624,
  /** ASSUMED: a Redis with a replica. */
  redisHour: 0.35,
} as const;

/** Bytes that are stored of a photograph (docs/deploy.md): features and photograph a day, mask a month. */
export const STORED = { day: 1_000_000, month: 34_000 } as const;

export { DAY, HOUR };
