import { computed, signal } from "@preact/signals";
import { photographs } from "./photographs.ts";

export type Tool = "mark" | "exclude" | "draw" | "erase" | "move";

/** The photograph in the large view. */
export const openId = signal<number | undefined>(undefined);
export const openPhotograph = computed(() =>
  photographs.value.find(({ id }) => id === openId.value),
);

export const tool = signal<Tool>("mark");
/** Diameter of the brush, as a share of the photograph's longer side. */
export const brush = signal(0.06);
