import { CosalError } from "../errors.ts";
import type { SegmentEvent, SegmentOptions } from "./types.ts";

/**
 * Reports each step of a running group to the caller, and lets the caller stop it between steps.
 */
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
      throw new CosalError("deadline_exceeded", "The time limit for the group has passed.");
    }
  }

  async report(event: SegmentEvent): Promise<void> {
    await this.options.onEvent?.(event);
  }
}
