import { wrap } from "comlink";
import type { PicturesThread } from "./types.ts";

let thread: PicturesThread | undefined;

/** The thread for pictures. It starts when it is first used. */
export function pictures(): PicturesThread {
  thread ??= wrap<PicturesThread>(
    new Worker(new URL("./pictures.worker.ts", import.meta.url), { type: "module" }),
  ) as unknown as PicturesThread;
  return thread;
}
