import type { ComputeEvent } from "./compute.ts";
import type { Group } from "./group.ts";
import type { Problem } from "./problems.ts";
import { type GroupBody, type ImageBody, imageBody } from "./representation.ts";

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
  readonly stage: "decoded" | "encoded" | "consensus";
  /** The image that the step was about, counted in the order sent. */
  readonly image?: { readonly index: number; readonly id: string };
  /** Photographs that are through this stage, of `total`. */
  readonly done: number;
  readonly total: number;
}

/** Turns the steps of a computation into events for its caller. */
export function eventsOf(group: Group): (event: ComputeEvent) => GroupEvent[] {
  const total = group.distinct.length;
  const done = { decoded: 0, encoded: 0 };
  return (event) => {
    if (event.stage === "consensus") {
      return [{ event: "progress", data: { stage: "consensus", done: total, total } }];
    }
    const { sha256, index, id } = event.image;
    if (event.stage === "mask") {
      return group.sent
        .filter((image) => image.sha256 === sha256)
        .map((image) => ({ event: "image", data: imageBody(group.id, image.id, event.result) }));
    }
    const { stage } = event;
    return [
      { event: "progress", data: { stage, image: { index, id }, done: ++done[stage], total } },
    ];
  };
}

/** An event in the form of the HTML standard (9.2, server-sent events). */
export function encodeEvent({ event, data }: GroupEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
