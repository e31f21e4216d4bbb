import { signal } from "@preact/signals";
import type { Consensus } from "../../engine/index.ts";
import type { Problem, StartedEngine } from "../engine/types.ts";

export type RunState =
  | { readonly stage: "idle" }
  /** Download of model and runtime, in bytes. */
  | { readonly stage: "loading"; readonly done: number; readonly total: number }
  /** Number of photographs. */
  | { readonly stage: "uploading"; readonly done: number; readonly total: number }
  | { readonly stage: "reading"; readonly done: number; readonly total: number }
  | { readonly stage: "masking"; readonly done: number; readonly total: number }
  /** Milliseconds from the first photograph read to the last mask. */
  | {
      readonly stage: "done";
      readonly total: number;
      /** Number of photographs that were encoded; the others were cached. Undefined from the service. */
      readonly fresh: number | undefined;
      readonly milliseconds: number;
    }
  | { readonly stage: "failed"; readonly problem: Problem };

export const run = signal<RunState>({ stage: "idle" });

/** The engine on this device, when it runs. */
export const device = signal<StartedEngine | undefined>(undefined);
/** Why the GPU is not used any more. */
export const lostGpu = signal<string | undefined>(undefined);

/** The consensus of the photographs. */
export const consensus = signal<Consensus | undefined>(undefined);
/** A consensus from a file, used instead of the photographs' own. */
export const givenConsensus = signal<{ name: string; consensus: Consensus } | undefined>(undefined);

/** The group's URL at the service. */
export const groupAddress = signal<string | undefined>(undefined);
/** The key for the service, if it needs one. It is not stored in the browser. */
export const serviceKey = signal("");
/** Whether this page's origin has a service. Undefined until that is known. */
export const hasService = signal<boolean | undefined>(undefined);

/** Whether the browser is offline. The client continues by itself when it is online again. */
export const isOffline = signal(!navigator.onLine);
for (const type of ["online", "offline"]) {
  addEventListener(type, () => {
    isOffline.value = !navigator.onLine;
  });
}

export function isWorking({ stage }: RunState): boolean {
  return !["idle", "done", "failed"].includes(stage);
}
