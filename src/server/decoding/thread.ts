// A thread of the decoding pool: one photograph at a time, with heaps of its own.
import { move, transferableSymbol, valueSymbol, workerData } from "piscina";
import { nodeDecoder } from "../../codec/node.ts";
import { CosalError } from "../../errors.ts";
import type { DecodingTask, Outcome, ThreadData } from "./pool.ts";

const { heap } = workerData as ThreadData;
const decoder = nodeDecoder(heap);

export default async function decode({ file, format }: DecodingTask) {
  try {
    if (format !== undefined) {
      const data = await decoder.sample(file, format);
      return moved({ data }, data);
    }
    const pixels = await decoder.decode(file);
    return moved({ pixels }, pixels.data);
  } catch (error) {
    // Classes do not survive the way to another thread.
    if (!(error instanceof CosalError)) throw error;
    const { code, message, limit } = error;
    return { error: { code, message, ...(limit && { limit }) } } satisfies Outcome;
  } finally {
    decoder.trim();
  }
}

/** Handed over instead of copied, where the memory is its own. */
function moved(outcome: Outcome, { buffer, byteLength }: ArrayBufferView): unknown {
  if (buffer.byteLength !== byteLength) return outcome;
  const value = { [transferableSymbol]: [buffer], [valueSymbol]: outcome };
  return move(value as unknown as Parameters<typeof move>[0]);
}
