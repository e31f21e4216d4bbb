import { createSegmenter, type SegmenterParts } from "../../src/engine/index.ts";

/** What one place made of one photograph. */
export interface PlacedMask {
  readonly presence: number;
  readonly logits: number[];
}

/** The program of every place: groups of photographs in base64 to masks, as JSON. */
export async function segmentGroups(
  parts: SegmenterParts,
  groups: Readonly<Record<string, readonly string[]>>,
): Promise<Record<string, PlacedMask[]>> {
  const segmenter = await createSegmenter(parts);
  const results: Record<string, PlacedMask[]> = {};
  for (const [name, photographs] of Object.entries(groups)) {
    const images = photographs.map((text, i) => ({
      id: `${name} ${i}`,
      bytes: Uint8Array.from(atob(text), (character) => character.charCodeAt(0)),
    }));
    results[name] = await Array.fromAsync(segmenter.segment(images), ({ presence, logits }) => ({
      presence,
      logits: Array.from(logits.data),
    }));
  }
  return results;
}
