import type { ComputeJob } from "../../app/index.ts";
import { type CallerErrorCode, CosalError } from "../../errors.ts";
import { BackendFailure } from "./backend-failure.ts";

/** A backend's word that is taken: what is wrong is in the photographs, and is so everywhere. */
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

/** It takes less than this deployment does; another backend may take more. */
const DECLINED: ReadonlySet<string> = new Set<CallerErrorCode>([
  "body_too_large",
  "consensus_incompatible",
  "group_too_large",
  "group_too_many_pixels",
  "image_too_large",
  "model_unknown",
]);

/** Seconds for which a busy backend that does not say how long is left alone; and at most. */
const DEFAULT_RETRY_AFTER = 2;
const MAX_RETRY_AFTER = 60;

/** Bytes of a problem that are read. */
const MAX_PROBLEM = 65_536;

/** What an answer other than 200 means. */
export async function errorFromResponse(
  response: Response,
  job: ComputeJob,
): Promise<BackendFailure | CosalError> {
  const { status } = response;
  if (status === 503 || status === 429) {
    await response.body?.cancel();
    const asked = Number(response.headers.get("retry-after") ?? DEFAULT_RETRY_AFTER);
    const retryAfter = Math.min(asked > 0 ? asked : DEFAULT_RETRY_AFTER, MAX_RETRY_AFTER);
    return new BackendFailure("busy", `is busy (answered ${status})`, { retryAfter });
  }
  const problem = await problemOf(response);
  const code = typeof problem?.code === "string" ? problem.code : "";
  if (status >= 400 && status < 500) {
    if (FAULTS.has(code)) return faultOf(code as CallerErrorCode, problem, job);
    // A server that takes no consensus from a Worker looks for its group, which it does not have.
    const isUnknownGroup = code === "not_found" && job.consensus !== undefined;
    if (DECLINED.has(code) || isUnknownGroup)
      return new BackendFailure("declined", `does not take it (${code})`);
  }
  return new BackendFailure("failed", `answered ${status}${code && ` (${code})`}`);
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
