import type { BackendLimits, BatchLimits, Limits } from "../app/index.ts";
import { MAX_BYTES, MAX_SIDE, pixelLimits } from "../codec/index.ts";
import { MAX_GROUP } from "../engine/index.ts";
import type { RuntimeName } from "./device/protocol.ts";
import type { AdmissionLimits } from "./http/admission.ts";
import { THREAD_HEAP } from "./imaging/pool.ts";

const MEBIBYTE = 1024 * 1024;

const BACKEND: BackendLimits = {
  images: MAX_GROUP,
  pixels: MAX_SIDE * MAX_SIDE,
  /** 64 photographs of 24 megapixels. */
  totalPixels: 1_600_000_000,
};

/** Bodies and groups under way at once: 16 large groups, whose features take 47 MB each. */
export const ADMISSION: AdmissionLimits = { bytes: 512 * MEBIBYTE, images: 16 * MAX_GROUP };

/** What the server takes. */
export function serverLimits(runtime: RuntimeName): Limits {
  return {
    bodyBytes: 256 * MEBIBYTE,
    // A Worker's requests are not stored here.
    memoryBytes: 256 * MEBIBYTE,
    // `Admission` counts bodies as they arrive.
    sharedMemoryBytes: Number.POSITIVE_INFINITY,
    spoolBytes: 32 * MEBIBYTE,
    imageBytes: MAX_BYTES,
    images: MAX_GROUP,
    seconds: 120,
    imagePixels: pixelLimits(THREAD_HEAP),
    renderedPixels: 24_000_000,
    // Threads render, and callers share them: every group may have its files.
    responsePixels: BACKEND.totalPixels,
    synchronousImages: MAX_GROUP,
    backends: runtime === "wasm" ? { wasm: BACKEND } : { wasm: BACKEND, gpu: BACKEND },
  };
}

/** Bytes that a line of a manifest takes on disk with its result. */
const LINE_BYTES = 700;

/** Of the larger groups of people's folders; sets beyond that are masked with a consensus. */
const MAX_GROUP_LINES = 4096;

/** Of Redis' memory, where several servers share their batches. */
export const CLUSTER_BATCH_BYTES = 512 * MEBIBYTE;

/** @param bytes that batches may take, on disk or in Redis */
export function batchLimits(bytes: number): BatchLimits {
  return {
    lines: Math.max(1, Math.min(1_000_000, Math.floor(bytes / LINE_BYTES))),
    bytes: 256 * MEBIBYTE,
    groupLines: MAX_GROUP_LINES,
    parallelism: 4,
  };
}
