import { signal } from "@preact/signals";
import type { Problem } from "../engine/types.ts";

/** Something that did not work, beside the photographs' own problems and the group's. */
export const notice = signal<Problem | undefined>(undefined);
