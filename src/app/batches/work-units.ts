import type { BatchLine } from "./types.ts";

/** Photographs that are masked together with a consensus that there is already. */
const CONSENSUS_UNIT = 16;

/**
 * What is computed together: each group, whose lines follow each other, or a few photographs where
 * one consensus is for all. The same manifest always gives the same units.
 */
export async function* workUnits(
  lines: AsyncIterable<BatchLine>,
  consensusOf: string | undefined,
): AsyncGenerator<readonly BatchLine[]> {
  let unit: BatchLine[] = [];
  for await (const line of lines) {
    const isComplete =
      consensusOf === undefined
        ? unit.length > 0 && unit[0]?.group !== line.group
        : unit.length === CONSENSUS_UNIT;
    if (isComplete) {
      yield unit;
      unit = [];
    }
    unit.push(line);
  }
  if (unit.length > 0) yield unit;
}
