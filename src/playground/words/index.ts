import { en, type Words } from "./en.ts";
import { zh } from "./zh.ts";

export type { Words } from "./en.ts";

export const LANGUAGES = { en, zh } as const satisfies Record<string, Words>;
export type Language = keyof typeof LANGUAGES;
