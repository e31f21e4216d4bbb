import { expect, it, vi } from "vitest";
import { toy, toyDecoder } from "../../../test/toy-network.ts";
import { localCompute } from "./local.ts";
import type { ComputeContext, ComputeJob } from "./types.ts";

/** The toy network cannot decode 255. */
const BROKEN = 255;

async function setUp() {
  const sample = vi.fn(toyDecoder().sample);
  const network = await toy({ decoder: { ...toyDecoder(), sample } });
  const compute = localCompute({ name: "toy", reason: "", segmenter: async () => network });
  const job = (values: number[], more: Partial<ComputeJob> = {}): ComputeJob => ({
    ...{ tenant: "t", group: "g", model: { name: "toy", digest: network.digest } },
    images: values.map((value, index) => ({
      ...{ id: `${value}`, index, sha256: String(value).padStart(64, "0") },
      load: async () => Uint8Array.of(value),
    })),
    ...{ seeds: [], seedRequests: [], onError: "fail", backend: "auto" },
    ...more,
  });
  const run = (asked: ComputeJob) => {
    const { signal } = new AbortController();
    const deadline = Date.now() + 60_000;
    const context: ComputeContext = { signal, caller: "", deadline, request: "r" };
    return Array.fromAsync(compute(asked, context));
  };
  const tries = () => sample.mock.calls.filter(([bytes]) => bytes[0] === BROKEN).length;
  return { run, job, tries };
}

it("does not try again to decode what could not be decoded, wherever it is in a group", async () => {
  const { run, job, tries } = await setUp();
  for (const values of [[BROKEN], [1, BROKEN], [BROKEN, 3]]) {
    await expect(run(job(values))).rejects.toMatchObject({
      code: "image_undecodable",
      image: { index: values.indexOf(BROKEN) },
    });
  }
  expect(tries()).toBe(1);
});

it("leaves it out as before, and goes on with the others", async () => {
  const { run, job, tries } = await setUp();
  for (let i = 0; i < 3; i++) {
    const events = await run(job([1, BROKEN, 3], { onError: "skip" }));
    expect(events.filter(({ type }) => type === "skipped")).toMatchObject([
      { image: 1, error: { code: "image_undecodable" } },
    ]);
    expect(events.filter(({ type }) => type === "mask")).toHaveLength(2);
  }
  expect(tries()).toBe(1);
});

it("tells no tenant what another has sent, and forgets after a while", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { run, job, tries } = await setUp();
  await expect(run(job([BROKEN]))).rejects.toThrow();
  await expect(run(job([BROKEN], { tenant: "other" }))).rejects.toThrow();
  expect(tries()).toBe(2);
  vi.advanceTimersByTime(3_600_000);
  await expect(run(job([BROKEN]))).rejects.toThrow();
  expect(tries()).toBe(3);
  vi.useRealTimers();
});
