import type { MaskToRender } from "../pictures/types.ts";
import { logitsOf, type Photograph } from "./photographs.ts";
import { threshold } from "./settings.ts";

/**
 * A photograph's mask as it is shown and saved. The threshold is subtracted from the logits, so the object
 * is always where they are positive.
 */
export function maskOf(photograph: Photograph): MaskToRender | undefined {
  const logits = logitsOf(photograph);
  const opened = photograph.opened.value;
  if (logits === undefined || opened === undefined) return undefined;
  const level = Math.log(threshold.value / (1 - threshold.value));
  const data = new Float32Array(logits.data);
  for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) - level;
  return { width: opened.width, height: opened.height, logits: { ...logits, data } };
}

/** Subscribes to the signals that `maskOf` depends on, without computing the mask. */
export function trackMask(photograph: Photograph): void {
  logitsOf(photograph);
  photograph.opened.value;
  threshold.value;
}
