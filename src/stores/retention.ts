/** Kinds of stored values: photographs, features of single photographs, and results of groups. */
export type Kind = "inputs" | "features" | "results";

/** How long each kind is kept after it is written, in milliseconds. */
export type Retention = Readonly<Record<Kind, number>>;

const HOUR = 3_600_000;

/**
 * Photographs are kept for a day: long enough to retry a job, or to add a photograph to a group.
 * Features are kept as long, since a photograph can be reconstructed from them in part. Results are
 * kept for 30 days.
 */
export const RETENTION: Retention = {
  inputs: 24 * HOUR,
  features: 24 * HOUR,
  results: 30 * 24 * HOUR,
};

/** Reads the retention from the deployment's variables, in hours. Missing ones have the default. */
export function retentionOf(hours: { readonly inputs?: string; readonly results?: string }) {
  const inputs = milliseconds("RETENTION_INPUT_HOURS", hours.inputs) ?? RETENTION.inputs;
  const results = milliseconds("RETENTION_RESULT_HOURS", hours.results) ?? RETENTION.results;
  return { inputs, features: inputs, results } satisfies Retention;
}

function milliseconds(name: string, hours: string | undefined): number | undefined {
  if (hours === undefined) return undefined;
  const value = Number(hours);
  if (value > 0 && Number.isFinite(value)) return value * HOUR;
  throw new TypeError(`Expected a number of hours above 0 in ${name} but received ${hours}`);
}
