import type { Group } from "../compute/plan.ts";

/**
 * Where a reader of a group's events is: the group, and which of its photographs it has been told of,
 * a bit each in the order of `distinct`. That says everything, so a dropped reader goes on with the
 * same request and `Last-Event-ID` wherever and in whatever order the rest is computed.
 */
export class EventCursor {
  readonly #group: Group;
  #sent: bigint;

  /** From the `Last-Event-ID` of a request; one of another group says nothing. */
  constructor(group: Group, lastEventId: string | undefined) {
    this.#group = group;
    const match = /^([0-9a-f]{64})\.([0-9a-f]{1,64})$/.exec(lastEventId ?? "");
    this.#sent = match?.[1] === group.id ? BigInt(`0x${match[2]}`) : 0n;
  }

  /** Whether the reader has it. */
  has(sha256: string): boolean {
    return (this.#sent & this.#bit(sha256)) !== 0n;
  }

  /** The event's id once the photograph has been told. */
  advance(sha256: string): string {
    this.#sent |= this.#bit(sha256);
    return `${this.#group.id}.${this.#sent.toString(16)}`;
  }

  #bit(sha256: string): bigint {
    const index = this.#group.distinct.findIndex((image) => image.sha256 === sha256);
    return 1n << BigInt(index);
  }
}
