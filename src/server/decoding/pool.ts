import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { type Decoder, type InputFormat, type Pixels, readHeader } from "../../codec/index.ts";
import { entryPoint } from "../../entry-point.ts";
import { CosalError, type ErrorCode, type LimitReference } from "../../errors.ts";

/** `format`: as network input, else as pixels. */
export interface DecodingTask {
  readonly file: Uint8Array;
  readonly format?: InputFormat;
}

export type Outcome =
  | { readonly data: Float32Array }
  | { readonly pixels: Pixels }
  | {
      readonly error: {
        readonly code: ErrorCode;
        readonly message: string;
        readonly limit?: LimitReference;
      };
    };

export interface ThreadData {
  readonly heap: number;
}

/** What a thread's decoder may grow to, in bytes: a JPEG of 75 megapixels at its full size. */
export const THREAD_HEAP = 320 * 1024 * 1024;

/** With more, the GPU is no longer what they wait for, and their heaps take gigabytes. */
const MAX_THREADS = 8;

/** A decoder whose work is done in threads, so that the event loop goes on serving. */
export interface DecoderPool extends Decoder {
  close(): Promise<void>;
}

export function decoderPool(
  threads: number = Math.min(availableParallelism(), MAX_THREADS),
): DecoderPool {
  const workerData: ThreadData = { heap: THREAD_HEAP };
  const pool = new Piscina<DecodingTask, Outcome>({
    filename: fileURLToPath(entryPoint(import.meta.url, "thread")),
    minThreads: threads,
    maxThreads: threads,
    workerData,
  });

  async function run(task: DecodingTask): Promise<Exclude<Outcome, { error: unknown }>> {
    const outcome = await pool.run(task);
    if (!("error" in outcome)) return outcome;
    const { code, message, limit } = outcome.error;
    throw new CosalError(code, message, limit && { limit });
  }

  return {
    inspect: (bytes) => readHeader(bytes, THREAD_HEAP),
    async decode(file) {
      return ((await run({ file })) as { pixels: Pixels }).pixels;
    },
    // `into` is not used: what comes from a thread is in memory of its own.
    async sample(file, format) {
      return ((await run({ file, format })) as { data: Float32Array }).data;
    },
    // The threads do it after each photograph.
    trim() {},
    close: () => pool.destroy(),
  };
}
