import { effect, type Signal, signal } from "@preact/signals";
import { LANGUAGES, type Language } from "../words/index.ts";

export type View = "overlay" | "mask" | "cutout" | "compare" | "why";
export type Theme = "system" | "light" | "dark";
export type Place = "device" | "service";

const PREFIX = "cosal-";

/** A setting that is stored in the browser. */
function kept<Value extends string>(
  name: string,
  values: readonly Value[],
  otherwise: Value,
): Signal<Value> {
  const stored = read(name);
  const value = signal(values.find((known) => known === stored) ?? otherwise);
  effect(() => write(name, value.value));
  return value;
}

// Throws if the browser has no storage.
function read(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {}
}

function preferred(): Language {
  const asked = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  const known = Object.keys(LANGUAGES) as Language[];
  return asked.flatMap((tag) => known.filter((language) => language === tag))[0] ?? "en";
}

export const language = kept("language", Object.keys(LANGUAGES) as Language[], preferred());
export const theme = kept<Theme>("theme", ["system", "light", "dark"], "system");
export const place = kept<Place>("place", ["device", "service"], "device");

export const view = signal<View>("overlay");
/** Threshold of masks, 0..1. */
export const threshold = signal(0.5);
/** Whether photographs without the object are shown last. */
export const isSorted = signal(false);
/** Position of the slider between photograph and cut-out, 0..1 from the left. */
export const split = signal(0.5);
