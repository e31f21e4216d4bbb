import { type ApplyOptions, type api, Cosal, CosalError } from "../../client/index.ts";
import { decodeLogits } from "../../codec/index.ts";
import { decodeConsensus, encodeConsensus } from "../../engine/index.ts";
import type { EngineEvent, GroupTask, Problem, SeedTask } from "../engine/types.ts";

export type ServiceEvent =
  | {
      readonly type: "progress";
      readonly stage: "uploading" | "reading";
      readonly done: number;
      readonly total: number;
    }
  /** Called with the URL of the stored group. */
  | { readonly type: "stored"; readonly url: string };

/**
 * Masks a group with the service and yields events.
 *
 * @param key empty if the service needs none
 */
export async function maskAtService(
  { images, seeds, consensus }: GroupTask,
  key: string,
  signal: AbortSignal,
  emit: (event: EngineEvent | ServiceEvent) => void,
): Promise<Problem | undefined> {
  const cosal = new Cosal({ url: location.origin, ...(key && { key }) });
  const photographs = images.map(({ id, file }) => ({ id: `${id}`, file }));
  const options: ApplyOptions = {
    signal,
    onError: "skip",
    onProgress({ stage, done, total }) {
      if (stage === "uploaded") emit({ type: "progress", stage: "uploading", done, total });
      if (stage === "encoded") emit({ type: "progress", stage: "reading", done, total });
    },
  };
  const run = consensus
    ? cosal.apply(encodeConsensus(consensus), photographs, options)
    : cosal.group(photographs, { ...options, seeds: seeds.flatMap(seedsOf) });
  try {
    for await (const mask of run) {
      const record = await decodeLogits(await mask.bytes("logits"));
      const { width, height, presence, confidence } = mask;
      const logits = { ...record.logits, data: new Float16Array(record.logits.data) };
      const id = Number(mask.id);
      emit({ type: "mask", id, mask: { width, height, presence, confidence, logits } });
    }
    const group = await run;
    for (const { id, code, detail } of group.skipped) {
      emit({
        type: "skipped",
        id: Number(id),
        problem: { code: code as Problem["code"], message: detail },
      });
    }
    if (consensus === undefined) {
      const found = decodeConsensus(await group.consensus({ signal }));
      emit({ type: "consensus", consensus: found });
    }
    emit({ type: "stored", url: `${location.origin}/v1/groups/${group.id}` });
    return undefined;
  } catch (error) {
    if (error instanceof CosalError)
      return { code: error.code as Problem["code"], message: error.message };
    return { code: "unexpected", message: (error as Error).message };
  }
}

function seedsOf({ id, negative, point, box }: SeedTask): api.Seed[] {
  const seed = { image: `${id}`, ...(negative && { negative }) };
  return [
    ...(point ? [{ ...seed, point: [...point] as [number, number] }] : []),
    ...(box ? [{ ...seed, box: [...box] as [number, number, number, number] }] : []),
  ];
}
