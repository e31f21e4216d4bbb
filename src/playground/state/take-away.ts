import { signal } from "@preact/signals";

/** Whether the dialog is open. */
export const isTakingAway = signal(false);
