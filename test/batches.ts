import { expect } from "vitest";
import type { BatchLimits, BatchStorage, RunUnit } from "../src/app/batches/index.ts";
import { batchRunner, localBatches, memoryBatchStorage, resultDelivery } from "../src/app/index.ts";
import type { BatchBody, BatchResultBody } from "../src/app/schemas/batch.ts";
import { digestOf, setUp } from "./app-client.ts";
import { fakeHost } from "./fakes.ts";

const LIMITS: BatchLimits = { lines: 50, bytes: 20_000, groupLines: 20, parallelism: 3 };

interface Changes {
  readonly host?: Parameters<typeof setUp>[0];
  readonly storage?: BatchStorage;
  readonly limits?: Partial<BatchLimits>;
  readonly run?: (run: RunUnit) => RunUnit;
}

/** An app with batches over a fake host, and what a client of them does. */
export async function withBatches({
  host,
  storage = memoryBatchStorage(),
  limits,
  run = (own) => own,
}: Changes = {}) {
  const { dependencies, segmenter } = fakeHost(host);
  const batches = await localBatches({
    ...{
      storage,
      limits: { ...LIMITS, ...limits },
      price: { amount: 3600, currency: "EUR" },
      retryDelay: 1,
    },
    run: run(batchRunner(dependencies)),
    deliver: resultDelivery(dependencies),
  });
  const client = setUp({ ...dependencies, batches });
  const create = async (
    lines: readonly unknown[],
    query = "",
    headers: Record<string, string> = {},
  ) =>
    client.request(`/v1/batches${query}`, {
      method: "POST",
      headers: { "content-type": "application/jsonl", ...headers },
      body: lines
        .map((line) => (typeof line === "string" ? line : JSON.stringify(line)))
        .join("\n"),
    });
  /** Stores photographs; lines of a manifest that name them. */
  const lines = async (groups: Readonly<Record<string, readonly string[]>>) => {
    const all: { id: string; sha256: string; group: string }[] = [];
    for (const [group, photographs] of Object.entries(groups)) {
      for (const text of photographs) {
        const sha256 = await digestOf(text);
        await dependencies.stores("").images.put(sha256, new TextEncoder().encode(text));
        all.push({ id: `${group}/${text}`, sha256, group });
      }
    }
    return all;
  };
  const accepted = async (response: Response) => {
    expect(response.status).toBe(202);
    const batch = (await response.json()) as BatchBody;
    expect(response.headers.get("location")).toBe(batch.links.self);
    return batch;
  };
  const state = async ({ links }: BatchBody) =>
    (await (await client.request(links.self)).json()) as BatchBody;
  const until = async (batch: BatchBody, status: BatchBody["status"]): Promise<BatchBody> => {
    await expect.poll(async () => (await state(batch)).status, { interval: 5 }).toBe(status);
    return state(batch);
  };
  const results = async ({ links }: BatchBody, query = "") => {
    const response = await client.request(`${links.results}${query}`);
    expect(response.headers.get("content-type")).toBe("application/jsonl");
    const text = await response.text();
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as BatchResultBody);
  };
  const act = async ({ links }: BatchBody, action: string) =>
    (await (
      await client.request(`${links.self}/${action}`, { method: "POST" })
    ).json()) as BatchBody;
  return { ...client, segmenter, batches, create, lines, accepted, state, until, results, act };
}

/** Lets units go on one by one, as the test says. */
export function gate() {
  const waiting: (() => void)[] = [];
  const run = (own: RunUnit): RunUnit =>
    async function* gated(request, lines, context) {
      await new Promise<void>((resolve, reject) => {
        waiting.push(resolve);
        context.signal.addEventListener("abort", () => reject(context.signal.reason));
      });
      yield* own(request, lines, context);
    };
  return { run, waiting, next: () => waiting.shift()?.() };
}
