import type * as api from "./api.ts";
import { attemptsOf, type Connection } from "./connection.ts";
import { CosalError } from "./errors.ts";
import type { Mask } from "./mask.ts";
import type { ApplyOptions, CallOptions } from "./options.ts";
import type { Photograph } from "./photographs.ts";
import { GroupRun, masksWith } from "./run.ts";

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

  /**
   * @param parts the service's groups: the one that the consensus was learnt from, then those that
   *   it was applied to
   */
  constructor(connection: Connection, parts: readonly [api.Group, ...api.Group[]], masks: Mask[]) {
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
  }

  /** A photograph's mask by the photograph's id or SHA-256. */
  mask(name: string): Mask {
    const mask = this.masks.find(({ id, sha256 }) => id === name || sha256 === name);
    if (mask === undefined) throw new CosalError("not_found", `The group has no image "${name}".`);
    return mask;
  }

  /** A photograph's object on transparent ground. */
  cutout(name: string, form: "png" | "webp" = "png"): Promise<Uint8Array<ArrayBuffer>> {
    return this.mask(name).cutout(form);
  }

  /** What the photographs have in common, as a file of a few kilobytes that `cosal apply` reads. */
  consensus(options: CallOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const path = `/v1/groups/${this.id}/consensus`;
    return this.#connection.http.bytes(path, attemptsOf(options));
  }

  /** Masks of further photographs with what this group has in common. The group does not change. */
  apply(photographs: Iterable<Photograph>, options: ApplyOptions = {}): GroupRun {
    return new GroupRun(masksWith(this.#connection, photographs, options, this.id));
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
