import { openAsBlob } from "node:fs";
import {
  type api,
  Cosal,
  CosalError,
  type Group,
  type GroupRun,
  type Mask,
} from "../../client/index.ts";
import { type Detail, MAX_GROUP } from "../../engine/index.ts";
import { bounded } from "../engine/bounded.ts";
import { temporaryFolder } from "../engine/feature-folder.ts";
import { EnginePool } from "../engine/pool.ts";
import type { NamedPhotograph } from "../output/names.ts";
import { UsageError } from "../usage-error.ts";
import { type MaskSource, modelAt, type SetEvent, type SetRequest } from "./source.ts";

/** Milliseconds until a service has to have told its models. */
const REACHABLE_TIMEOUT = 10_000;

/** Milliseconds that one set may take at a service. */
const TIMEOUT = 24 * 3_600_000;

/** A cosal service. Files are made here, of the logits that it computes: they equal the local ones. */
export async function serviceSource(
  url: string,
  key: string | undefined,
  signal: AbortSignal,
  detail: Detail,
): Promise<MaskSource> {
  const cosal = new Cosal({ url, ...(key !== undefined && { key }) });
  const [model] = await cosal.models({ signal, timeout: REACHABLE_TIMEOUT }).catch((error) => {
    if (!(error instanceof CosalError)) throw error;
    throw new CosalError(error.code, `${url}: ${error.message}`, { cause: error });
  });
  if (model === undefined) throw new UsageError(`${url} has no model.`);
  const folder = await temporaryFolder();
  const pool = new EnginePool({ runtime: "wasm", detail, features: folder.path }, signal);
  const options = { onError: "skip", detail, signal, timeout: TIMEOUT } as const;

  /** The files of a run's masks as these come; at the end, what the service has skipped. */
  async function* rendered(
    run: GroupRun,
    photographs: readonly NamedPhotograph[],
    renderOf: SetRequest["renderOf"],
    isWanted: SetRequest["isWanted"] = () => true,
  ): AsyncGenerator<SetEvent, Group> {
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
    yield* bounded(wanted(), pool.threads + 1, async ({ mask, photograph }): Promise<SetEvent> => {
      const { presence, confidence } = mask;
      const logits = await mask.bytes("logits");
      const facts = await pool.render(photograph, logits, renderOf(photograph));
      return { type: "masked", photograph, facts: { ...facts, presence, confidence } };
    });
    const group = await run;
    for (const { id, code, detail } of group.skipped) {
      const photograph = photographs.find(({ name }) => name === id);
      if (photograph) yield { type: "skipped", photograph, code, reason: detail };
    }
    return group;
  }

  return {
    title: `by ${new URL(url).host}`,
    model: modelAt(detail, `${model.name} ${model.digest}`),
    width: pool.threads + 1,
    studio: (photograph, task) => pool.studio(photograph, task),
    async *segment({ photographs, marks, isWanted, renderOf, onLearning }) {
      const seeds = marks.map(({ photograph, point, box, mask, ...mark }): api.Seed => {
        const seed = { image: photographs.indexOf(photograph), ...mark };
        if (point !== undefined) return { ...seed, point: [...point] };
        if (box !== undefined) return { ...seed, box: [...box] };
        return { ...seed, png: Buffer.from(mask ?? []).toString("base64") };
      });
      const run = cosal.group(photographs.map(fileOf), {
        ...options,
        seeds,
        onProgress: ({ stage, done, total }) => {
          if (stage === "hashed" || stage === "uploaded") onLearning(done, total);
        },
      });
      const group = yield* rendered(run, photographs, renderOf, isWanted);
      yield { type: "learnt", consensus: await group.consensus({ signal }) };
    },
    async *apply(consensus, photographs, { renderOf }) {
      for await (const part of groupsOf(photographs, MAX_GROUP)) {
        const run = cosal.apply(new Uint8Array(consensus), part.map(fileOf), options);
        yield* rendered(run, part, renderOf);
      }
    },
    async [Symbol.asyncDispose]() {
      await pool[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const fileOf = ({ name, path }: NamedPhotograph) => ({ id: name, file: () => openAsBlob(path) });

/** So many at a time, so that of a million no list is made. */
async function* groupsOf<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  most: number,
): AsyncGenerator<Item[]> {
  let group: Item[] = [];
  for await (const item of items) {
    if (group.push(item) < most) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
