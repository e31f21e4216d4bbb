import { describe, expect, it, vi } from "vitest";
import type { BatchBody, BatchResultBody } from "../../src/app/schemas/batch.ts";
import { sha256 } from "../../src/group/index.ts";
import { loadWorker, newGroup, request } from "./client.ts";

loadWorker();

/** Stores groups of two photographs; lines of a manifest that name them. */
async function linesOf(groups: readonly string[]) {
  const lines: { id: string; sha256: string; group: string }[] = [];
  for (const group of groups) {
    for (const [name, bytes] of newGroup()) {
      const body = bytes as Uint8Array<ArrayBuffer>;
      const digest = await sha256(body);
      await request(`/v1/images/${digest}`, { method: "PUT", body });
      lines.push({ id: `${group}/${name}`, sha256: digest, group });
    }
  }
  return lines;
}

async function create(lines: readonly unknown[], query = "", headers = {}): Promise<BatchBody> {
  const response = await request(`/v1/batches${query}`, {
    method: "POST",
    headers: { "content-type": "application/jsonl", ...headers },
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
  });
  expect(response.status).toBe(202);
  return (await response.json()) as BatchBody;
}

const stateOf = async ({ links }: BatchBody) =>
  (await (await request(links.self)).json()) as BatchBody;

async function until(batch: BatchBody, status: BatchBody["status"]): Promise<BatchBody> {
  await vi.waitFor(async () => expect((await stateOf(batch)).status).toBe(status), {
    timeout: 60_000,
    interval: 100,
  });
  return stateOf(batch);
}

async function resultsOf({ links }: BatchBody, query = ""): Promise<BatchResultBody[]> {
  const text = await (await request(`${links.results}${query}`)).text();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as BatchResultBody);
}

describe("a batch, over a workflow", () => {
  it("is computed, and has one result for each line, in its order", async () => {
    const lines = await linesOf(["a", "b"]);
    const batch = await create(lines, "?formats=png,rle");
    const end = await until(batch, "completed");
    expect(end.counts).toEqual({ total: 4, pending: 0, running: 0, succeeded: 4, failed: 0 });
    const results = await resultsOf(batch);
    expect(results.map(({ line, id }) => [line, id])).toEqual(
      lines.map(({ id }, i) => [i + 1, id]),
    );
    for (const { files } of results) {
      expect((await request(files!.png!.url)).status).toBe(200);
    }
  });
});
