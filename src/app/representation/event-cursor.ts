import type { Group } from "../compute/plan.ts";

/**
 * The position of a reader in a group's events: the group, and one bit for each photograph that it has
 * received, in the order of `distinct`. So a reader can resume with the same request and
 * `Last-Event-ID`, on any host, and in whatever order the rest is computed.
 */
export class EventCursor {
  readonly #group: Group;
  #sent: bigint;

  /** Parses the `Last-Event-ID` of a request. An id of another group is ignored. */
  constructor(group: Group, lastEventId: string | undefined) {
    this.#group = group;
    const match = /^([0-9a-f]{64})\.([0-9a-f]{1,64})$/.exec(lastEventId ?? "");
    this.#sent = match?.[1] === group.id ? BigInt(`0x${match[2]}`) : 0n;
  }

  /** Whether the reader has the photograph. */
  has(sha256: string): boolean {
    return (this.#sent & this.#bit(sha256)) !== 0n;
  }

  /** Marks the photograph as received, and returns the event's id. */
  advance(sha256: string): string {
    this.#sent |= this.#bit(sha256);
    return `${this.#group.id}.${this.#sent.toString(16)}`;
  }

  #bit(sha256: string): bigint {
    const index = this.#group.distinct.findIndex((image) => image.sha256 === sha256);
    return 1n << BigInt(index);
  }
}
