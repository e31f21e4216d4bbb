import type { Log } from "./types.ts";

/** One JSON object a line, an error's stack included: for a collector, never for a caller. */
export function jsonLog(write: (line: string) => void = console.log): Log {
  return function jsonLogEntry(entry) {
    write(JSON.stringify({ time: new Date().toISOString(), ...entry }, plain));
  };
}

/** Says nothing. */
export const silent: Log = () => {};

function plain(_: string, value: unknown): unknown {
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    return { name, message, stack, ...(cause !== undefined && { cause }) };
  }
  return typeof value === "bigint" ? String(value) : value;
}
