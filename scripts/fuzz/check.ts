import { ERROR_CODES } from "../../src/errors.ts";
import type { FuzzRequest } from "./requests.ts";

/** Milliseconds within which every request has to be answered, on a machine that does other things. */
export const DEADLINE = 60_000;

export type Send = (request: FuzzRequest, signal: AbortSignal) => Promise<Response>;

/**
 * Sends a request and holds its answer against what must be true of every one: no 5xx but
 * 503, and 504 where the caller said how long it waits; an error has the form of RFC 9457 and one of our codes, nothing of our insides is told, nothing hangs.
 *
 * @throws Error that says what is wrong
 */
export async function check(request: FuzzRequest, send: Send): Promise<number> {
  const response = await send(request, AbortSignal.timeout(DEADLINE));
  const { status } = response;
  const body = new TextDecoder().decode(await response.arrayBuffer());
  const where = `${request.method} ${request.path} ${JSON.stringify(request.headers)}`;
  const isHurried = request.headers.prefer?.includes("wait=") === true;
  if (status >= 500 && status !== 503 && !(status === 504 && isHurried))
    throw new Error(`${where}: ${status} ${body}`);
  if (/\.ts:\d+|node_modules|\bat \w+ \(/.test(body)) throw new Error(`${where}: a stack trace`);
  if (status === 503 && response.headers.get("retry-after") === null) {
    throw new Error(`${where}: 503 without Retry-After`);
  }
  if (status < 400 || request.method === "HEAD") return status;
  const type = response.headers.get("content-type");
  if (type !== "application/problem+json") throw new Error(`${where}: ${status} of type ${type}`);
  const problem = JSON.parse(body) as { code: (typeof ERROR_CODES)[number]; status: number };
  if (!ERROR_CODES.includes(problem.code) || problem.status !== status) {
    throw new Error(`${where}: ${body}`);
  }
  return status;
}
