import { CosalError } from "../errors.ts";
import type { SegmentEvent, SegmentOptions } from "./types.ts";

/** A caller's hold on a group in the works: it is told of each step and may end it between two. */
export class Progress {
  private readonly options: SegmentOptions;

  constructor(options: SegmentOptions) {
    this.options = options;
  }

  /** @throws the signal's reason; CosalError deadline_exceeded */
  check(): void {
    const { signal, deadline } = this.options;
    signal?.throwIfAborted();
    if (deadline !== undefined && Date.now() >= deadline) {
      throw new CosalError("deadline_exceeded", "The time for the group is over.");
    }
  }

  async report(event: SegmentEvent): Promise<void> {
    await this.options.onEvent?.(event);
  }
}
