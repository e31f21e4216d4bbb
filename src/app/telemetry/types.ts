/** One line of the log. Fields are plain values, and never secrets, file names or pixels. */
export interface LogEntry {
  readonly level: "info" | "warn" | "error";
  /** What happened, in a few fixed words: `request`, `backend failed`. */
  readonly event: string;
  /** The request's id. */
  readonly request?: string;
  readonly [field: string]: unknown;
}

export type Log = (entry: LogEntry) => void;

/** The facts that are counted for each request under /v1. */
export interface DataPoint {
  /** The route's pattern, e.g. `POST /v1/groups`. */
  readonly route: string;
  readonly status: number;
  readonly tenant: string;
  /** Name of the backend, or "" if nothing was computed. */
  readonly backend: string;
  readonly cache: "hit" | "miss" | "coalesced" | "";
  /** The code of the problem, or "". */
  readonly problem: string;
  readonly images: number;
  readonly milliseconds: number;
}

export type Analytics = (point: DataPoint) => void;
