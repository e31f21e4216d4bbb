import type { ComputeJob } from "../../app/index.ts";
import { type CallerErrorCode, CosalError } from "../../errors.ts";
import { BackendFailure } from "./backend-failure.ts";

/** Errors that are passed on to the caller: the photographs are at fault, whichever backend is used. */
const FAULTS: ReadonlySet<string> = new Set<CallerErrorCode>([
  "group_empty",
  "image_too_many_pixels",
  "image_too_slow",
  "image_too_small",
  "image_type_unsupported",
  "image_undecodable",
  "seed_invalid",
  "seeds_unsupported",
]);

/** Errors of a backend whose limits are lower than this deployment's. Another backend is tried. */
const DECLINED: ReadonlySet<string> = new Set<CallerErrorCode>([
  "body_too_large",
  "consensus_incompatible",
  "group_too_large",
  "group_too_many_pixels",
  "image_too_large",
  "model_unknown",
]);

/** Seconds without requests to a busy backend: by default, and at most. */
const DEFAULT_RETRY_AFTER = 2;
const MAX_RETRY_AFTER = 60;

/** Bytes. A larger problem body is not read. */
const MAX_PROBLEM = 65_536;

/** The error for a response with a status other than 200. */
export async function errorFromResponse(
  response: Response,
  job: ComputeJob,
): Promise<BackendFailure | CosalError> {
  const { status } = response;
  if (status === 503 || status === 429) {
    await response.body?.cancel();
    const asked = Number(response.headers.get("retry-after") ?? DEFAULT_RETRY_AFTER);
    const retryAfter = Math.min(asked > 0 ? asked : DEFAULT_RETRY_AFTER, MAX_RETRY_AFTER);
    return new BackendFailure("busy", `is busy (status ${status})`, { retryAfter });
  }
  const problem = await problemOf(response);
  const code = typeof problem?.code === "string" ? problem.code : "";
  if (status >= 400 && status < 500) {
    if (FAULTS.has(code)) return faultOf(code as CallerErrorCode, problem, job);
    // A server that accepts no consensus from Workers looks for the group and does not find it.
    const isUnknownGroup = code === "not_found" && job.consensus !== undefined;
    if (DECLINED.has(code) || isUnknownGroup)
      return new BackendFailure("declined", `does not accept it (${code})`);
  }
  return new BackendFailure("failed", `responded with ${status}${code && ` (${code})`}`);
}

function faultOf(code: CallerErrorCode, problem: Fields, { images }: ComputeJob): CosalError {
  const place = Array.isArray(problem?.errors) ? (problem.errors[0] as Fields) : undefined;
  const index = Number(/^#\/images\/(\d+)/.exec(String(place?.pointer))?.[1] ?? Number.NaN);
  const image = images[index];
  const detail = String(place?.detail ?? problem?.detail ?? "The photograph cannot be used.");
  return new CosalError(code, detail, { ...(image && { image: { index, id: image.id } }) });
}

type Fields = Readonly<Record<string, unknown>> | undefined;

async function problemOf(response: Response): Promise<Fields> {
  const type = response.headers.get("content-type") ?? "";
  const length = Number(response.headers.get("content-length") ?? Number.POSITIVE_INFINITY);
  if (!type.startsWith("application/problem+json") || !(length <= MAX_PROBLEM)) {
    await response.body?.cancel();
    return undefined;
  }
  try {
    const problem: unknown = await response.json();
    return typeof problem === "object" && problem !== null ? (problem as Fields) : undefined;
  } catch {
    return undefined;
  }
}
