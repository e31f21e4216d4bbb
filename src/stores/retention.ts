/** What is kept, by how long: photographs and what is derived of each alone, and results of groups. */
export type Kind = "inputs" | "features" | "results";

/** How long each kind is kept after it was written, in milliseconds. */
export type Retention = Readonly<Record<Kind, number>>;

const HOUR = 3_600_000;

/**
 * Photographs for a day: long enough for a job to be retried and for a client to come back with one
 * more photograph. Features go with them, since a picture can be guessed from its features. Results
 * for 30 days.
 */
export const RETENTION: Retention = {
  inputs: 24 * HOUR,
  features: 24 * HOUR,
  results: 30 * 24 * HOUR,
};

/** A retention in hours, as the deployment's variables say, with the default where one is missing. */
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
