import { computed } from "@preact/signals";
import type { Problem } from "../engine/types.ts";
import { LANGUAGES, type Words } from "../words/index.ts";
import { language } from "./settings.ts";

export const words = computed((): Words => LANGUAGES[language.value]);

/** The message of an error, in the page's language if it is translated. */
export function explained({ code, message }: Problem): string {
  const { problems } = words.value;
  const kind = /\bHEI[CF]\b/.test(message)
    ? "heic"
    : /animat|GIF/i.test(message)
      ? "animated"
      : code;
  return problems[kind] ?? message;
}

/** Formats a number in the page's language. */
export function decimal(value: number, digits = 1): string {
  return value.toLocaleString(language.value, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

export function percent(value: number): string {
  return value.toLocaleString(language.value, { style: "percent" });
}

export function megabytes(bytes: number): string {
  return `${decimal(bytes / 1e6)} MB`;
}
