import { representatives } from "../group/representatives.ts";
import type * as api from "./api.ts";
import { Computation } from "./computation.ts";
import { attemptsOf, type Connection, storeConsensus } from "./connection.ts";
import { CosalError } from "./errors.ts";
import { Group } from "./group.ts";
import { Mask } from "./mask.ts";
import type { ApplyOptions, GroupOptions } from "./options.ts";
import { type Hashed, hashed, named, type Photograph } from "./photographs.ts";
import { resizeWithCanvas } from "./resize.ts";
import type { Attempts } from "./retry.ts";

/**
 * Masks of a set of any size. More photographs than the service takes in one group are masked with
 * the consensus of as many as it takes, spread over the set (and those that are marked).
 *
 * @param consensusOf a group whose consensus is used; without one, it is learnt
 */
export async function* masksWith(
  connection: Connection,
  photographs: Iterable<Photograph>,
  options: GroupOptions,
  consensusOf?: string,
): AsyncGenerator<Mask, Group> {
  const attempts = attemptsOf(options);
  const limits = await connection.limits(attempts);
  const set = await hashAll(named(photographs), limits, options);
  if (set.length === 0) throw new CosalError("group_empty", "Expected at least one photograph.");
  const run = new Run(connection, set, options, attempts);
  let group = consensusOf;
  if (group === undefined) group = yield* run.learn(limits.images);
  yield* run.apply(group, limits.images);
  return run.group();
}

/** Masks of a set of any size with a consensus file, which the service is given first. */
export async function* masksWithFile(
  connection: Connection,
  consensus: Uint8Array<ArrayBuffer>,
  photographs: Iterable<Photograph>,
  options: ApplyOptions,
): AsyncGenerator<Mask, Group> {
  const id = await storeConsensus(connection, consensus, attemptsOf(options));
  return yield* masksWith(connection, photographs, options, id);
}

/** One after another, so that no more than one photograph is in memory. */
async function hashAll(
  files: ReturnType<typeof named>,
  limits: api.Limits,
  { onProgress = () => {}, resize = false }: GroupOptions,
): Promise<Hashed[]> {
  const reduce = resize === true ? resizeWithCanvas : resize || undefined;
  const set: Hashed[] = [];
  for (const file of files) {
    set.push(await hashed(file, limits, reduce));
    onProgress({ stage: "hashed", done: set.length, total: files.length });
  }
  return set;
}

/** The groups of the service that a set is cut into. */
class Run {
  readonly #connection: Connection;
  readonly #set: readonly Hashed[];
  readonly #options: GroupOptions;
  readonly #attempts: Attempts;
  readonly #parts: api.Group[] = [];
  readonly #masks = new Map<Hashed, Mask>();
  readonly #done = new Set<Hashed>();

  constructor(
    connection: Connection,
    set: readonly Hashed[],
    options: GroupOptions,
    attempts: Attempts,
  ) {
    this.#connection = connection;
    this.#set = set;
    this.#options = options;
    this.#attempts = attempts;
  }

  /** Computes the group that the consensus is learnt from; its name. */
  async *learn(most: number): AsyncGenerator<Mask, string> {
    const given = this.#options.seeds ?? [];
    if (this.#options.resize && given.some((seed) => !("png" in seed))) {
      throw new CosalError(
        "seed_invalid",
        "With resize, photographs are marked by masks as PNG: pixels are those of the reduced ones.",
      );
    }
    const seeds = given.map((seed) => ({
      ...seed,
      image: this.#marked(seed.image).sha256,
    }));
    const marked = new Set(seeds.map(({ image }) => image));
    const isMarked = ({ sha256 }: Hashed) => marked.has(sha256);
    for (let size = most; ; size = Math.ceil(size / 2)) {
      const rest = this.#set.filter((photograph) => !isMarked(photograph));
      const spread = representatives(rest.length, Math.max(0, size - marked.size));
      const chosen = new Set(spread.map((place) => rest[place]));
      const makers = this.#set.filter((one) => isMarked(one) || chosen.has(one));
      try {
        return yield* this.#compute("/v1/groups", makers, seeds);
      } catch (error) {
        if (!isTooMuch(error) || makers.length <= Math.max(1, marked.size)) throw error;
      }
    }
  }

  /** Masks what has no mask yet with a group's consensus. */
  async *apply(group: string, most: number): AsyncGenerator<Mask, void> {
    for (let size = most; ; ) {
      const next = this.#set.filter((one) => !this.#done.has(one)).slice(0, size);
      if (next.length === 0) return;
      try {
        yield* this.#compute(`/v1/groups/${group}/images`, next);
      } catch (error) {
        if (!isTooMuch(error) || size === 1) throw error;
        size = Math.ceil(size / 2);
      }
    }
  }

  group(): Group {
    const masks = this.#set.flatMap((photograph) => this.#masks.get(photograph) ?? []);
    return new Group(this.#connection, this.#parts as [api.Group], masks, masksWith);
  }

  async *#compute(
    path: string,
    photographs: readonly Hashed[],
    seeds: readonly api.Seed[] = [],
  ): AsyncGenerator<Mask, string> {
    const { http } = this.#connection;
    const { onProgress = () => {}, model, onError, backend, detail, timeout } = this.#options;
    const options = {
      ...(model !== undefined && { model }),
      ...(onError !== undefined && { on_error: onError }),
      ...(backend !== undefined && { backend }),
      ...(detail !== undefined && { detail }),
      ...(seeds.length > 0 && { seeds: [...seeds] }),
    };
    const before = this.#masks.size;
    const computation = new Computation(
      http,
      { path, photographs, options },
      this.#attempts,
      ({ stage, done, total }) =>
        onProgress(
          stage === "uploaded"
            ? { stage, done, total }
            : { stage, done: before + done, total: this.#set.length },
        ),
    );
    // The service makes ids unique, so places tell which photograph an image is of.
    const waiting = [...photographs];
    for await (const step of computation.steps()) {
      if (step.type === "group") {
        this.#parts.push(step.group);
        for (const photograph of photographs) this.#done.add(photograph);
        return step.group.id;
      }
      const { image } = step;
      const place = waiting.findIndex(({ sha256 }) => sha256 === image.sha256);
      const [photograph] = waiting.splice(place, 1);
      if (place < 0 || photograph === undefined) continue;
      const mask = new Mask(
        image,
        http,
        () => attemptsOf({ ...(timeout && { timeout }) }),
        photograph.size,
      );
      this.#masks.set(photograph, mask);
      yield mask;
    }
    throw new CosalError("unexpected", "The service ended without a result.");
  }

  #marked(name: api.Seed["image"]): Hashed {
    const found =
      typeof name === "number"
        ? this.#set[name]
        : this.#set.find(({ id, sha256 }) => id === name || sha256 === name);
    if (found === undefined) {
      throw new CosalError(
        "seed_invalid",
        `A seed names image ${JSON.stringify(name)}, which is not in the group.`,
      );
    }
    return found;
  }
}

/** Fewer photographs at once would pass. */
function isTooMuch(error: unknown): boolean {
  return (
    error instanceof CosalError &&
    (error.code === "group_too_many_pixels" || error.code === "group_too_large")
  );
}
