import type { Workflow } from "@cloudflare/workers-types";
import type { BatchHeader } from "../../app/index.ts";

/** What a Workflow instance is started with. */
export interface BatchRound {
  readonly tenant: string;
  readonly id: string;
  /** From 1. An id of an instance cannot be used again, so each start of a batch has its own. */
  readonly round: number;
  readonly parallelism: number;
}

/** Statuses of instances that will not go on. */
const ENDED = ["complete", "errored", "terminated", "unknown"];

export async function startInstance(
  workflow: Workflow<BatchRound>,
  { id, request }: BatchHeader,
  round: number,
): Promise<void> {
  const { tenant, parallelism } = request;
  await workflow.create({ id: nameOf(id, round), params: { tenant, id, round, parallelism } });
}

/** Whether a round's instance goes on. @throws Error if there is none */
export async function isActive(
  workflow: Workflow<BatchRound>,
  { id }: BatchHeader,
  round: number,
): Promise<boolean> {
  const instance = await workflow.get(nameOf(id, round));
  return !ENDED.includes((await instance.status()).status);
}

function nameOf(id: string, round: number): string {
  return `${id}-${round}`;
}
