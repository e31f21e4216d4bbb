import { signal } from "@preact/signals";
import type { Consensus } from "../../engine/index.ts";
import type { Problem, StartedEngine } from "../engine/types.ts";

export type RunState =
  | { readonly stage: "idle" }
  /** Bytes of model and runtime. */
  | { readonly stage: "loading"; readonly done: number; readonly total: number }
  /** Photographs. */
  | { readonly stage: "uploading"; readonly done: number; readonly total: number }
  | { readonly stage: "reading"; readonly done: number; readonly total: number }
  | { readonly stage: "masking"; readonly done: number; readonly total: number }
  /** Milliseconds from the first photograph read to the last mask. */
  | {
      readonly stage: "done";
      readonly total: number;
      /** How many were encoded; the others were known from before. The service does not say. */
      readonly fresh: number | undefined;
      readonly milliseconds: number;
    }
  | { readonly stage: "failed"; readonly problem: Problem };

export const run = signal<RunState>({ stage: "idle" });

/** The engine on this device, once it runs. */
export const device = signal<StartedEngine | undefined>(undefined);
/** Why the GPU was given up, if it was. */
export const lostGpu = signal<string | undefined>(undefined);

/** What the photographs have in common. */
export const consensus = signal<Consensus | undefined>(undefined);
/** One from a file, used instead of what the photographs share. */
export const givenConsensus = signal<{ name: string; consensus: Consensus } | undefined>(undefined);

/** The address of the group at the service. */
export const groupAddress = signal<string | undefined>(undefined);
/** Where the service has keys. The browser does not keep it. */
export const serviceKey = signal("");
/** Whether there is a service at this page's address; unknown until it was asked. */
export const hasService = signal<boolean | undefined>(undefined);

/** Whether the browser has no network: the client goes on by itself when it is back. */
export const isOffline = signal(!navigator.onLine);
for (const type of ["online", "offline"]) {
  addEventListener(type, () => {
    isOffline.value = !navigator.onLine;
  });
}

export function isWorking({ stage }: RunState): boolean {
  return !["idle", "done", "failed"].includes(stage);
}
