import type { Group } from "../compute/plan.ts";
import type { Step } from "../compute/run.ts";
import type { Problem } from "../problems/index.ts";
import type { GroupBody, ImageBody } from "../schemas/group.ts";
import { imageBody, type View } from "./group-body.ts";

/**
 * What a `text/event-stream` answer tells, one server-sent event each, named by `event`:
 * `progress` while photographs are read, `image` as soon as one mask can be fetched, and at the
 * end either `result`, the same body as the JSON answer, or `error`.
 */
export type GroupEvent =
  | { readonly event: "progress"; readonly data: Progress }
  | { readonly event: "image"; readonly data: ImageBody }
  | { readonly event: "result"; readonly data: GroupBody }
  | { readonly event: "error"; readonly data: Problem };

/** How far a group is. A photograph that was sent twice is computed once and counts once. */
export interface Progress {
  readonly stage: "dispatched" | "decoded" | "encoded" | "consensus" | "skipped";
  /** The image that the step was about, counted in the order sent. */
  readonly image?: { readonly index: number; readonly id: string };
  /** `encoded`: its features were known. */
  readonly cached?: boolean;
  /** `dispatched`: where it is computed, and why there. */
  readonly backend?: { readonly name: string; readonly reason: string };
  /** Photographs that are through this stage, of `total`. */
  readonly done: number;
  readonly total: number;
}

/** The events that tell a step of a computation to its caller; `done` is told by its body. */
export function eventsOf(group: Group, view: View): (step: Step) => Promise<GroupEvent[]> {
  const total = group.distinct.length;
  const done = { decoded: 0, encoded: 0, skipped: 0 };
  return async (step) => {
    switch (step.type) {
      case "backend": {
        const { name, reason } = step;
        const data = { stage: "dispatched", backend: { name, reason }, done: 0, total } as const;
        return [{ event: "progress", data }];
      }
      case "consensus":
        return [{ event: "progress", data: { stage: "consensus", done: total, total } }];
      case "mask":
        return Promise.all(
          group.sent
            .filter(({ sha256 }) => sha256 === step.image.sha256)
            .map(async ({ id }) => ({
              event: "image" as const,
              data: await imageBody(group.id, id, step.result, view),
            })),
        );
      case "done":
        return [];
      default: {
        const { type: stage, image } = step;
        const named = { index: image.index, id: image.id };
        const cached = step.type === "encoded" ? { cached: step.cached } : {};
        const data = { stage, image: named, ...cached, done: ++done[stage], total };
        return [{ event: "progress", data }];
      }
    }
  };
}
