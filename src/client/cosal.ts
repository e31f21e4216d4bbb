import type { Limits, Models } from "./api.ts";
import {
  Batch,
  type BatchOptions,
  type BatchPhotograph,
  type BatchSource,
  createBatch,
} from "./batch.ts";
import { attemptsOf, Connection } from "./connection.ts";
import { GroupRun } from "./group.ts";
import type { HttpOptions } from "./http.ts";
import type { ApplyOptions, CallOptions, GroupOptions } from "./options.ts";
import type { Photograph } from "./photographs.ts";
import { masksWith, masksWithFile } from "./run.ts";

/**
 * A client of a cosal service, for browsers, Node, Deno, Bun and Workers.
 *
 * @example
 * ```ts
 * const cosal = new Cosal({ url: "https://cosal.example.com", key: "cosal_..." });
 * for await (const mask of cosal.group(input.files)) {
 *   show(mask.id, await mask.bytes("png"));
 * }
 * ```
 */
export class Cosal {
  readonly #connection: Connection;

  constructor(options: HttpOptions) {
    this.#connection = new Connection(options);
  }

  /**
   * Masks of what photographs have in common. Each is hashed first; only what the service does not
   * have is uploaded. Any number of them: a set that is larger than the service's groups is masked
   * with the consensus of photographs that are spread over it.
   *
   * @returns iterate it for masks as they come, or await it for the whole group
   * @throws CosalError
   */
  group(photographs: Iterable<Photograph>, options: GroupOptions = {}): GroupRun {
    return new GroupRun(masksWith(this.#connection, photographs, options));
  }

  /**
   * Masks of photographs with a consensus file, as `cosal learn` and `group.consensus()` give it. The
   * service keeps the file as it keeps a group.
   *
   * @throws CosalError
   */
  apply(
    consensus: Uint8Array<ArrayBuffer>,
    photographs: Iterable<Photograph>,
    options: ApplyOptions = {},
  ): GroupRun {
    return new GroupRun(masksWithFile(this.#connection, consensus, photographs, options));
  }

  /**
   * Begins a batch: any number of groups, which the service computes in the background. What it does
   * not have is uploaded first. Photographs that lie in its bucket are named by a prefix or a manifest.
   *
   * @throws CosalError
   */
  createBatch(
    photographs: Iterable<BatchPhotograph> | BatchSource,
    options: BatchOptions = {},
  ): Promise<Batch> {
    return createBatch(this.#connection, photographs, options);
  }

  /** A batch that was begun before. */
  batch(id: string): Batch {
    return new Batch(this.#connection, id);
  }

  /** What the service takes. */
  limits(options: CallOptions = {}): Promise<Limits> {
    return this.#connection.limits(attemptsOf(options));
  }

  /** The models that the service has, the default one first. */
  async models(options: CallOptions = {}): Promise<Models["models"]> {
    const { http } = this.#connection;
    return ((await http.json("/v1/models", attemptsOf(options))) as Models).models;
  }
}
