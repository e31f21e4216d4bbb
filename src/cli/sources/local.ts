import { type Detail, describeModel, MAX_GROUP } from "../../engine/index.ts";
import { CosalError } from "../../errors.ts";
import { representatives } from "../../group/representatives.ts";
import { bounded } from "../engine/bounded.ts";
import { temporaryFolder } from "../engine/feature-folder.ts";
import { bundledModel } from "../engine/model.ts";
import { EnginePool } from "../engine/pool.ts";
import { bestRuntime } from "../engine/runtime.ts";
import type { RuntimeName } from "../engine/runtime-name.ts";
import type { NamedPhotograph } from "../output/names.ts";
import { type Mark, type MaskSource, modelAt, type SetEvent, type SetRequest } from "./source.ts";

/** SHA-256 of photographs' files, of those that have been encoded. */
type Digests = Map<NamedPhotograph, string>;

/** The engine on this machine: no picture leaves it. */
export async function localSource(
  signal: AbortSignal,
  wished?: RuntimeName,
  detail: Detail = "normal",
): Promise<MaskSource> {
  const runtime = wished ?? (await bestRuntime());
  const { digest, manifest } = await describeModel(bundledModel());
  const folder = await temporaryFolder();
  const pool = new EnginePool({ runtime, detail, features: folder.path }, signal);

  async function* learn(
    request: SetRequest,
    digests: Digests,
  ): AsyncGenerator<SetEvent, Uint8Array> {
    const makers = makersOf(request.photographs, request.marks);
    let done = 0;
    const encoded = bounded(
      makers,
      pool.threads,
      async (photograph): Promise<SetEvent | undefined> => {
        try {
          digests.set(photograph, await pool.encode(photograph));
          return undefined;
        } catch (error) {
          return skipped(photograph, error);
        }
      },
    );
    for await (const event of encoded) {
      request.onLearning(++done, makers.length);
      if (event !== undefined) yield event;
    }
    // As a service has them, which computes the same to the last bit: by digest, each content once.
    const byDigest = new Map(
      [...digests]
        .map(([photograph, digest]) => [digest, photograph] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    const images = Array.from(byDigest, ([digest, { name, path }]) => ({ name, path, digest }));
    const places = [...byDigest.keys()];
    const seeds = request.marks.flatMap(({ photograph, ...mark }) => {
      const image = places.indexOf(digests.get(photograph) ?? "");
      return image < 0 ? [] : [{ image, ...mark }];
    });
    if (images.length === 0) return new Uint8Array();
    const read = new Set(makers);
    const rest = request.photographs.filter(
      (photograph) => request.isWanted(photograph) && !read.has(photograph),
    );
    return encodingMeanwhile(pool.consensus(images, seeds), rest, digests);
  }

  /** One thread compares: the others read what is to be masked, so that its features are there. */
  async function encodingMeanwhile<T>(
    work: Promise<T>,
    photographs: readonly NamedPhotograph[],
    digests: Digests,
  ): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    const next = photographs.values();
    const ahead = async () => {
      for (const photograph of next) {
        if (isDone) return;
        try {
          digests.set(photograph, await pool.encode(photograph));
        } catch {
          // Told when it is masked.
        }
      }
    };
    const others = Array.from({ length: pool.threads - 1 }, ahead);
    const [result] = await Promise.all([done, ...others]);
    return result;
  }

  async function* apply(
    consensus: Uint8Array,
    photographs: Iterable<NamedPhotograph> | AsyncIterable<NamedPhotograph>,
    { renderOf }: Pick<SetRequest, "renderOf">,
    digests: Digests = new Map(),
  ): AsyncGenerator<SetEvent, void> {
    // One more than there are threads: the next one waits for none to be read.
    yield* bounded(photographs, pool.threads + 1, async (photograph): Promise<SetEvent> => {
      try {
        const image = { ...photograph, digest: digests.get(photograph) };
        const facts = await pool.mask(image, consensus, renderOf(photograph));
        return { type: "masked", photograph, facts: { ...facts, presence: facts.presence ?? 0 } };
      } catch (error) {
        return skipped(photograph, error);
      }
    });
  }

  return {
    title: `${runtime === "native" ? "natively" : "in WebAssembly"} on ${threadsOf(pool.threads)}`,
    model: modelAt(detail, `${manifest.name} ${digest}`),
    width: pool.threads + 1,
    studio: (photograph, task) => pool.studio(photograph, task),
    async *segment(request) {
      const unreadable = new Set<NamedPhotograph>();
      const digests: Digests = new Map();
      const learning = learn(request, digests);
      let step = await learning.next();
      for (; !step.done; step = await learning.next()) {
        if (step.value.type === "skipped") unreadable.add(step.value.photograph);
        yield step.value;
      }
      const consensus = step.value;
      if (consensus.length === 0) return;
      yield { type: "learnt", consensus };
      const rest = request.photographs.filter(
        (photograph) => request.isWanted(photograph) && !unreadable.has(photograph),
      );
      yield* apply(consensus, rest, request, digests);
    },
    apply: (consensus, photographs, request) => apply(consensus, photographs, request),
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** The photographs that a consensus is learnt from: all, or as many as a group has, spread over the set. */
function makersOf(
  photographs: readonly NamedPhotograph[],
  marks: readonly Mark[],
): NamedPhotograph[] {
  const marked = new Set(marks.map(({ photograph }) => photograph));
  const rest = photographs.filter((photograph) => !marked.has(photograph));
  const places = representatives(rest.length, Math.max(0, MAX_GROUP - marked.size));
  const chosen = new Set(places.map((place) => rest[place]));
  return photographs.filter((photograph) => marked.has(photograph) || chosen.has(photograph));
}

/** @throws what is no fault of the photograph */
function skipped(photograph: NamedPhotograph, error: unknown): SetEvent {
  if (error instanceof CosalError && error.code.startsWith("image_")) {
    return { type: "skipped", photograph, code: error.code, reason: error.message };
  }
  // A file that has gone, or may not be read.
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "EACCES" || code === "EISDIR") {
    return { type: "skipped", photograph, code: "file_unreadable", reason: message };
  }
  throw error;
}

function threadsOf(count: number): string {
  return `${count} ${count === 1 ? "thread" : "threads"}`;
}
