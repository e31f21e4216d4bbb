import { signal } from "@preact/signals";

/** Whether the export dialog is open. */
export const isTakingAway = signal(false);
