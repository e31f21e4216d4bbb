import type { Log } from "./types.ts";

/** A log with one JSON object per line, including stacks of errors. Callers never see it. */
export function jsonLog(write: (line: string) => void = console.log): Log {
  return function jsonLogEntry(entry) {
    write(JSON.stringify({ time: new Date().toISOString(), ...entry }, plain));
  };
}

/** Discards all entries. */
export const silent: Log = () => {};

function plain(_: string, value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    return { name, message, stack, ...(cause !== undefined && { cause }) };
  }
  return typeof value === "bigint" ? String(value) : value;
}
