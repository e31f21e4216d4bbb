import type { BatchLine } from "./types.ts";

/** Photographs of a unit that is masked with an existing consensus. */
const CONSENSUS_UNIT = 16;

/**
 * Divides a manifest into work units: each group, or a few photographs if one consensus is for all. The
 * same manifest always gives the same units.
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
