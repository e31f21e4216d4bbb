import { join } from "node:path";
import { startWorkerd } from "../edge/workerd.ts";
import { Inspector } from "../memory/inspector.ts";

/** Milliseconds between two looks. */
const INTERVAL = 500;

/** A Worker whose isolate is asked how much memory it has, as `npm run bench:memory` does. */
export interface InspectedWorker {
  readonly url: string;
  /** MiB that it has had at most, garbage collected before each look. */
  peak(): number;
  stop(): Promise<void>;
}

export async function startInspectedWorker(root: string): Promise<InspectedWorker> {
  const worker = await startWorkerd(join(root, "bench/memory/worker.ts"), root, true);
  const inspector = await Inspector.connect(worker.inspector as URL);
  let peak = 0;
  let isOver = false;

  async function look(): Promise<void> {
    while (!isOver) {
      const response = await fetch(`${worker.url}/heaps?collect`).catch(() => undefined);
      if (response === undefined) return;
      const heaps = (await response.json()) as number[];
      const { usedSize, backingStorageSize } = await inspector.heapUsage();
      const bytes = heaps.reduce((sum, heap) => sum + heap, usedSize + backingStorageSize);
      peak = Math.max(peak, bytes / 2 ** 20);
      await new Promise((resolve) => setTimeout(resolve, INTERVAL));
    }
  }

  void look();
  return {
    url: worker.url,
    peak: () => peak,
    async stop() {
      isOver = true;
      inspector.close();
      await worker.stop();
    },
  };
}
