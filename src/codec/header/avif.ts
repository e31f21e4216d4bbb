import { repairedAvif } from "./avif-repair.ts";
import { readingHeif, readPrimaryItem } from "./heif-item.ts";
import { brandsOf } from "./iso-boxes.ts";
import type { StoredImage } from "./stored-image.ts";

export function isAvif(bytes: Uint8Array): boolean {
  return brandsOf(bytes).some((brand) => brand === "avif" || brand === "avis");
}

export function readAvif(bytes: Uint8Array): StoredImage {
  const item = readPrimaryItem(bytes, "AVIF");
  return { kind: "avif", ...item, file: readingHeif("AVIF", () => repairedAvif(bytes)) };
}
