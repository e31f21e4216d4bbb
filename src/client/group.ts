import type * as api from "./api.ts";
import { attemptsOf, type Connection } from "./connection.ts";
import { CosalError } from "./errors.ts";
import type { Mask, StudioLook } from "./mask.ts";
import type { ApplyOptions, CallOptions, GroupOptions } from "./options.ts";
import type { Photograph } from "./photographs.ts";

/** Masks photographs with a group's consensus, or with their own: `masksWith` of run.ts. */
export type MasksWith = (
  connection: Connection,
  photographs: Iterable<Photograph>,
  options: GroupOptions,
  consensusOf?: string,
) => AsyncGenerator<Mask, Group>;

/** Masks of the object that photographs have in common, as a service keeps them. */
export class Group {
  /** The service's name for the group: a hash of what it is made of. */
  readonly id: string;
  readonly model: api.Group["model"];
  /** Where it was computed. */
  readonly backend: string;
  /** Whether it was stored (`hit`), computed now, or computed by an equal request just then. */
  readonly cache: api.Group["cache"];
  /** Mean presence, 0..1: how sure the network is that the photographs share an object. */
  readonly common: number;
  /** In the order sent. */
  readonly masks: readonly Mask[];
  /** Photographs that could not be read, with `onError: "skip"`. */
  readonly skipped: readonly api.SkippedImage[];
  readonly notices: readonly api.Notice[];
  readonly #connection: Connection;
  readonly #parts: readonly api.Group[];
  readonly #masksWith: MasksWith;

  /**
   * @param parts the service's groups: the one that the consensus was learnt from, then those that
   *   it was applied to
   * @param masksWith how `apply` computes; handed in, since its result is a group again
   */
  constructor(
    connection: Connection,
    parts: readonly [api.Group, ...api.Group[]],
    masks: Mask[],
    masksWith: MasksWith,
  ) {
    const [first] = parts;
    this.id = first.id;
    this.model = first.model;
    this.backend = first.backend;
    this.cache = first.cache;
    this.common = masks.reduce((sum, { presence }) => sum + presence, 0) / (masks.length || 1);
    this.masks = masks;
    this.skipped = parts.flatMap(({ skipped }) => skipped);
    this.notices = first.notices;
    this.#connection = connection;
    this.#parts = parts;
    this.#masksWith = masksWith;
  }

  /** A photograph's mask by the photograph's id or SHA-256. */
  mask(name: string): Mask {
    const mask = this.masks.find(({ id, sha256 }) => id === name || sha256 === name);
    if (mask === undefined) throw new CosalError("not_found", `The group has no image "${name}".`);
    return mask;
  }

  /** A photograph's object on transparent ground. */
  cutout(
    name: string,
    form: "png" | "webp" = "png",
    look: StudioLook = {},
  ): Promise<Uint8Array<ArrayBuffer>> {
    return this.mask(name).cutout(form, look);
  }

  /** What the photographs have in common, as a file of a few kilobytes that `cosal apply` reads. */
  consensus(options: CallOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const path = `/v1/groups/${this.id}/consensus`;
    return this.#connection.http.bytes(path, attemptsOf(options));
  }

  /** Masks of further photographs with what this group has in common. The group does not change. */
  apply(photographs: Iterable<Photograph>, options: ApplyOptions = {}): GroupRun {
    return new GroupRun(this.#masksWith(this.#connection, photographs, options, this.id));
  }

  /** Removes the group's masks and consensus from the service. Its photographs expire by themselves. */
  async remove(options: CallOptions = {}): Promise<void> {
    const attempts = attemptsOf(options);
    for (const { id } of this.#parts) {
      await this.#connection.http
        .send(`/v1/groups/${id}`, { method: "DELETE" }, attempts)
        .catch((error) => {
          // An attempt whose answer was lost has removed it.
          if (!(error instanceof CosalError && error.code === "not_found")) throw error;
        });
    }
  }
}

/**
 * A group that is being computed: iterate it for masks as soon as they are there, or await it for
 * the whole. Both may be done; the work is done once.
 */
export class GroupRun implements AsyncIterable<Mask>, PromiseLike<Group> {
  readonly #steps: AsyncGenerator<Mask, Group>;
  readonly #masks: Mask[] = [];
  #group: Promise<Group> | undefined;

  constructor(steps: AsyncGenerator<Mask, Group>) {
    this.#steps = steps;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Mask, void> {
    try {
      for (let next = 0; ; next++) {
        if (next === this.#masks.length && (await this.#isFinished())) return;
        yield this.#masks[next] as Mask;
      }
    } finally {
      // Whoever leaves the loop wants no more: the service is told by the connection's end.
      if (this.#group === undefined) await this.#steps.return(undefined as never);
    }
  }

  // biome-ignore lint/suspicious/noThenProperty: a run is awaited for its group
  then<A = Group, B = never>(
    onFulfilled?: ((group: Group) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#finish().then(onFulfilled, onRejected);
  }

  async #finish(): Promise<Group> {
    while (!(await this.#isFinished()));
    return this.#group as Promise<Group>;
  }

  /** Takes one step, unless it was the last. */
  async #isFinished(): Promise<boolean> {
    if (this.#group !== undefined) return true;
    try {
      const step = await this.#steps.next();
      if (!step.done) this.#masks.push(step.value);
      // Of two that wait for the last step, the second is told nothing.
      else if (step.value !== undefined) this.#group = Promise.resolve(step.value);
      else if (this.#group === undefined) throw left();
      return step.done === true;
    } catch (error) {
      this.#group = Promise.reject(error);
      this.#group.catch(() => {});
      throw error;
    }
  }
}

function left(): CosalError {
  return new CosalError("unexpected", "The group was left before its end.");
}
