import type { Batch, BatchResult } from "../../client/index.ts";
import { bounded } from "../engine/bounded.ts";
import { temporaryFolder } from "../engine/feature-folder.ts";
import { EnginePool } from "../engine/pool.ts";
import type { NamedPhotograph } from "../output/names.ts";
import type { MaskSource, SetEvent, SetRequest } from "./source.ts";

/** What a batch has made, one set after the other. */
export interface BatchSource extends MaskSource {
  /** Results of the set that comes next, by its photographs' names. */
  results: ReadonlyMap<string, BatchResult>;
}

/** Files are made here, of the service's logits: they equal the local ones. */
export async function batchSource(batch: Batch, signal: AbortSignal): Promise<BatchSource> {
  const folder = await temporaryFolder();
  const pool = new EnginePool({ runtime: "wasm", detail: "normal", features: folder.path }, signal);

  function masked(
    photographs: Iterable<NamedPhotograph> | AsyncIterable<NamedPhotograph>,
    renderOf: SetRequest["renderOf"],
  ): AsyncGenerator<SetEvent> {
    return bounded(photographs, pool.threads + 1, async (photograph): Promise<SetEvent> => {
      const result = source.results.get(photograph.name);
      if (result === undefined) {
        return { type: "skipped", photograph, code: "not_found", reason: "not in the batch" };
      }
      if (!("mask" in result)) {
        return { type: "skipped", photograph, code: result.code, reason: result.detail };
      }
      const { presence, confidence } = result.mask;
      const logits = await result.mask.bytes("logits");
      const facts = await pool.render(photograph, logits, renderOf(photograph));
      return { type: "masked", photograph, facts: { ...facts, presence, confidence } };
    });
  }

  const source: BatchSource = {
    results: new Map(),
    title: `batch ${batch.id}`,
    model: batch.id,
    width: pool.threads + 1,
    studio: (photograph, task) => pool.studio(photograph, task),
    async *segment({ photographs, isWanted, renderOf }) {
      yield* masked(photographs.filter(isWanted), renderOf);
      const first = source.results.values().find((result) => "mask" in result);
      if (first !== undefined) yield { type: "learnt", consensus: await first.consensus() };
    },
    apply: (_, photographs, { renderOf }) => masked(photographs, renderOf),
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
  return source;
}
