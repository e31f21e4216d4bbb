import { signal } from "@preact/signals";
import type { Problem } from "../engine/types.ts";

/** An error that belongs neither to a photograph nor to the group. */
export const notice = signal<Problem | undefined>(undefined);
