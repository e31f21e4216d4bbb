import { signal } from "@preact/signals";

/** Whether the dialog with what can be taken away is open. */
export const isTakingAway = signal(false);
