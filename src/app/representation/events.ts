import type { Group } from "../compute/plan.ts";
import type { Step } from "../compute/run.ts";
import type { Problem } from "../problems/index.ts";
import type { GroupBody, ImageBody } from "../schemas/group.ts";
import { imageBody, type View } from "./group-body.ts";

/**
 * The server-sent events of a `text/event-stream` response, named by `event`: `progress` while
 * photographs are read, `image` as soon as a mask can be fetched, and at the end either `result`, with
 * the body of the JSON response, or `error`.
 */
export type GroupEvent =
  | { readonly event: "progress"; readonly data: Progress }
  | { readonly event: "image"; readonly data: ImageBody }
  | { readonly event: "result"; readonly data: GroupBody }
  | { readonly event: "error"; readonly data: Problem };

/** Progress of a group. A photograph that was sent twice counts once. */
export interface Progress {
  readonly stage: "dispatched" | "decoded" | "encoded" | "consensus" | "skipped";
  /** The image of the step, counted in the order sent. */
  readonly image?: { readonly index: number; readonly id: string };
  /** `encoded`: whether its features were cached. */
  readonly cached?: boolean;
  /** `dispatched`: the backend, and why it was chosen. */
  readonly backend?: { readonly name: string; readonly reason: string };
  /** Photographs that have completed this stage, of `total`. */
  readonly done: number;
  readonly total: number;
}

/** The events of a step of a computation. The event of `done` has the result's body. */
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
