import { join } from "node:path";
import { heapsOf, MeasuredWorker, type Sample, totalOf } from "../memory/measured-worker.ts";
import { residentOf } from "../resident.ts";

const root = join(import.meta.dirname, "..", "..");

/** The Worker of wrangler.toml with all its bindings and no rate limits. */
export function startWorker(): Promise<MeasuredWorker> {
  return MeasuredWorker.start({
    config: join(root, "wrangler.toml"),
    entrypoint: join(root, "bench/memory/worker.ts"),
    bindings: { RATE_LIMITS: { type: "plain_text", value: "off" } },
    logLevel: "none",
  });
}

export const MEMORY_HEAD = "  objects  buffers  WebAssembly    total   resident (Worker, proxy)";

/**
 * MiB of a sample, and of the processes around it now: workerd, in which simulated stores live too,
 * and the proxy before it.
 */
export function memoryRow(sample: Sample): string {
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  return [
    mebibytes(sample.usedSize).padStart(9),
    mebibytes(sample.backingStorageSize).padStart(8),
    mebibytes(heapsOf(sample)).padStart(12),
    mebibytes(totalOf(sample)).padStart(8),
    `  ${residentOf("workerd")
      .map((size) => size.toFixed(0))
      .join(", ")}`,
  ].join(" ");
}
