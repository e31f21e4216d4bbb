// A thread of the imaging pool. It handles one photograph at a time and has its own heaps.
import { setPriority } from "node:os";
import { move, transferableSymbol, valueSymbol, workerData } from "piscina";
import { renderer } from "../../app/representation/renderer.ts";
import { nodeDecoder, nodeWebpEncoder } from "../../codec/node.ts";
import { CosalError } from "../../errors.ts";
import { type ImagingTask, type Outcome, plainError, type ThreadData } from "./tasks.ts";

/** Lower priority than the main thread and the device process. */
const NICENESS = 5;

// On other systems than Linux, this would set the priority of the whole process.
if (process.platform === "linux") setPriority(0, NICENESS);

const { heap } = workerData as ThreadData;
const decoder = nodeDecoder(heap);
const render = renderer({ decoder, webp: nodeWebpEncoder() });

export default async function run(task: ImagingTask) {
  try {
    const value = await resultOf(task);
    return moved({ value }, "data" in value ? value.data : value);
  } catch (error) {
    if (!(error instanceof CosalError)) throw error;
    return { error: plainError(error) } satisfies Outcome;
  } finally {
    decoder.trim();
  }
}

function resultOf(task: ImagingTask) {
  switch (task.type) {
    case "decode":
      return decoder.decode(task.file);
    case "sample":
      return decoder.sample(task.file, task.format);
    case "render":
      return render(task.task);
  }
}

/** Buffers to transfer instead of copying them. */
function moved(outcome: Outcome, { buffer, byteLength }: ArrayBufferView): unknown {
  if (buffer.byteLength !== byteLength) return outcome;
  const value = { [transferableSymbol]: [buffer], [valueSymbol]: outcome };
  return move(value as unknown as Parameters<typeof move>[0]);
}
