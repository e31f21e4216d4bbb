import type { Problem } from "./api.ts";

/**
 * What went wrong. The service's codes are those of its `/problems`; the client adds `network`
 * (no answer, or one that broke off), `timeout` (the request's own `timeout` is over) and
 * `unexpected` (an answer that is none of cosal's, such as a proxy's page).
 */
export type ErrorCode = Problem["code"] | "network" | "timeout" | "unexpected";

/** Every error that this client throws, except an `AbortSignal`'s own reason. */
export class CosalError extends Error {
  override readonly name = "CosalError";
  readonly code: ErrorCode;
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** The service's whole problem (RFC 9457): which photographs, which limit. */
  readonly problem: Problem | undefined;
  /** Milliseconds to wait before another attempt, as the service asks. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    about: { status?: number; problem?: Problem; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.status = about.status;
    this.problem = about.problem;
    this.retryAfter = about.retryAfter;
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    const { code, status = 0 } = this;
    return code === "network" || [408, 429, 502, 503, 504].includes(status);
  }
}

export function problemError(problem: Problem, retryAfter?: number): CosalError {
  const { code, detail, status } = problem;
  return new CosalError(code, detail, {
    status,
    problem,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

/** The error that an answer other than 2xx stands for. Reads its body. */
export async function errorOf(response: Response): Promise<CosalError> {
  const { status } = response;
  const retryAfter = millisecondsOf(response.headers.get("retry-after"));
  const text = await response.text();
  // The answer to HEAD has no body.
  const isProblem = response.headers.get("content-type")?.startsWith("application/problem+json");
  if (isProblem && text !== "") {
    return problemError(JSON.parse(text) as Problem, retryAfter);
  }
  return new CosalError("unexpected", `${response.url} answered ${status}.`, {
    status,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

/** `Retry-After` (RFC 9110, 10.2.3): seconds or a date. */
function millisecondsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header) ? 1000 * Number(header) : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
