import type { z } from "@hono/zod-openapi";
import { CosalError } from "../../errors.ts";
import type { PlaceSchema, ProblemSchema } from "../schemas/common.ts";
import { PROBLEMS, type ProblemStatus } from "./kinds.ts";

/** The body of every error: `application/problem+json` (RFC 9457). */
export type Problem = z.infer<typeof ProblemSchema>;

/** One place of the request that a problem is about. */
export type ProblemPlace = z.infer<typeof PlaceSchema>;

/** The error as shown to callers. Unexpected errors become `internal`, without details. */
export function presentable(error: unknown): CosalError {
  return error instanceof CosalError && error.code !== "internal"
    ? error
    : new CosalError("internal", "Please report this with the request id.");
}

/** The problem body of an error. Unexpected errors show only the request id. */
export function problemOf(error: unknown, request: string): Problem {
  const { code, message, image, limit, places } = presentable(error);
  const { status, title } = PROBLEMS[code];
  const base = { type: `/problems/${code}`, title, status, code, request };
  if (image === undefined) {
    const missing = code === "images_missing" ? places.flatMap(({ sha256 }) => sha256 ?? []) : [];
    return {
      ...base,
      detail: message,
      ...(limit && { limit }),
      ...(missing.length > 0 && { missing }),
      ...(places.length > 0 && { errors: [...places] }),
    };
  }
  const named =
    image.id === undefined ? `Image ${image.index}` : `Image ${JSON.stringify(image.id)}`;
  const place: ProblemPlace = {
    pointer: `#/images/${image.index}`,
    ...(image.id !== undefined && { image: image.id }),
    detail: message,
    ...(limit && { limit }),
  };
  return { ...base, detail: `${named}: ${message}`, errors: [place] };
}

export function statusOf(problem: Problem): ProblemStatus {
  return problem.status as ProblemStatus;
}
