import { openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";
import { type api, Cosal, type Mask } from "../../client/index.ts";
import { bounded } from "../engine/bounded.ts";
import { temporaryFolder } from "../engine/feature-folder.ts";
import { EnginePool } from "../engine/pool.ts";
import { UsageError } from "../usage-error.ts";
import type { MaskSource, SetEvent } from "./source.ts";

/** Milliseconds that one set may take at a service. */
const TIMEOUT = 24 * 3_600_000;

/** A cosal service. Files are made here, of the logits that it computes: they equal the local ones. */
export async function serviceSource(
  url: string,
  key: string | undefined,
  signal: AbortSignal,
): Promise<MaskSource> {
  const cosal = new Cosal({ url, ...(key !== undefined && { key }) });
  const [model] = await cosal.models({ signal, timeout: 30_000 });
  if (model === undefined) throw new UsageError(`${url} has no model.`);
  const folder = await temporaryFolder();
  const pool = new EnginePool({ runtime: "wasm", features: folder.path }, signal);
  return {
    title: `by ${new URL(url).host}`,
    model: `${model.name} ${model.digest}`,
    width: pool.threads + 1,
    studio: (photograph, task) => pool.studio(photograph, task),
    async *segment({ photographs, marks, isWanted, renderOf, onLearning }) {
      const files = photographs.map(({ name, path }) => ({
        id: name,
        file: () => openAsBlob(path),
      }));
      const seeds = await Promise.all(
        marks.map(async ({ photograph, point, box, maskPath }): Promise<api.Seed> => {
          const image = photographs.indexOf(photograph);
          if (point !== undefined) return { image, point: [...point] };
          if (box !== undefined) return { image, box: [...box] };
          return { image, png: (await readFile(maskPath ?? "")).toString("base64") };
        }),
      );
      const run = cosal.group(files, {
        seeds,
        onError: "skip",
        signal,
        timeout: TIMEOUT,
        onProgress: ({ stage, done, total }) => {
          if (stage === "hashed" || stage === "uploaded") onLearning(done, total);
        },
      });
      const waiting = [...photographs];
      const photographOf = ({ id }: Mask) => {
        const place = waiting.findIndex(({ name }) => name === id);
        return waiting.splice(place, 1)[0];
      };
      const wanted = async function* () {
        for await (const mask of run) {
          const photograph = photographOf(mask);
          if (photograph !== undefined && isWanted(photograph)) yield { mask, photograph };
        }
      };
      yield* bounded(
        wanted(),
        pool.threads + 1,
        async ({ mask, photograph }): Promise<SetEvent> => {
          const { presence, confidence } = mask;
          const logits = await mask.bytes("logits");
          const facts = await pool.render(photograph, logits, renderOf(photograph));
          return { type: "masked", photograph, facts: { ...facts, presence, confidence } };
        },
      );
      const group = await run;
      for (const { id, code, detail } of group.skipped) {
        const photograph = photographs.find(({ name }) => name === id);
        if (photograph) yield { type: "skipped", photograph, code, reason: detail };
      }
      yield { type: "learnt", consensus: await group.consensus({ signal }) };
    },
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
