import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { group, toy, toyDecoder, toyModel, toyRuntime } from "../../test/toy-network.ts";
import { MAX_GROUP, type SegmentEvent } from "./index.ts";
import { createSegmenter } from "./segmenter.ts";
import type { ModelFiles } from "./types.ts";

async function consensusOf(values: number[], changes: object = {}): Promise<number> {
  const segmenter = await toy({ changes });
  return (await segmenter.consensus(group(...values))).data[0] as number;
}

describe("consensus", () => {
  test("each image looks at the others, not at itself", async () => {
    // 2, 4, 12: the others' means are 8, 7, 3, and their mean is 6.
    expect(await consensusOf([2, 4, 12])).toBe(6);
  });

  test("a single image looks at itself", async () => {
    expect(await consensusOf([7])).toBe(7);
  });

  test("a weighted mean: sums over masses", async () => {
    // After affinity 6; refine proposes the means of v and 6, each with mass 2: 4, 5, 9 -> 6.
    expect(await consensusOf([2, 4, 12], { refinements: 1 })).toBe(6);
    // 1, 1, 1, 9: affinity 3; refinement keeps the mean of the group and the consensus.
    expect(await consensusOf([1, 1, 1, 9], { excludeSelf: false, refinements: 2 })).toBe(3);
  });

  test("does not depend on the order of images", async () => {
    const orders = fc
      .array(fc.nat(253), { minLength: 1, maxLength: 12 })
      .chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(orders, async ([list, shuffled]) => {
        const changes = { refinements: 2 };
        const wanted = await consensusOf(list, changes);
        expect(await consensusOf(shuffled, changes)).toBeCloseTo(wanted, 4);
      }),
      { numRuns: 30 },
    );
  });
});

test("masks come in order, each with its measures", async () => {
  const masks = await Array.fromAsync((await toy()).segment(group(0, 10)));
  expect(masks.map(({ logits, ...rest }) => rest)).toEqual([
    { index: 0, id: "image 0", width: 10, height: 6, coverage: 0, box: null, presence: 0.25 },
    {
      index: 1,
      id: "image 10",
      width: 10,
      height: 6,
      coverage: 1,
      box: [0, 0, 10, 6],
      presence: 0.25,
    },
  ]);
});

test("one image at a time; a graph is opened when it is needed, once; stages are told", async () => {
  const log: string[] = [];
  const segmenter = await toy({ log });
  const stages: string[] = [];
  const onEvent = (event: SegmentEvent) => {
    stages.push("index" in event ? `${event.stage} ${event.index}` : event.stage);
  };
  await Array.fromAsync(segmenter.segment(group(1, 2), { onEvent }));
  expect(log).toEqual([
    ...["sample 1", "open encoder", "run encoder", "sample 2", "run encoder", "trim"],
    ...["open affinity", "run affinity", "run affinity"],
    ...["open decoder", "run decoder", "run decoder"],
  ]);
  expect(stages).toEqual([
    ...["decoded 0", "encoded 0", "decoded 1", "encoded 1", "consensus", "mask 0", "mask 1"],
  ]);
  log.length = 0;
  await Array.fromAsync(segmenter.segment(group(3)));
  expect(log.filter((line) => line.startsWith("open"))).toEqual([]);
});

describe("errors", () => {
  test("no image, and one too many", async () => {
    const segmenter = await toy();
    await expect(Array.fromAsync(segmenter.segment([]))).rejects.toMatchObject({
      code: "group_empty",
    });
    const many = group(...new Array<number>(MAX_GROUP + 1).fill(1));
    await expect(Array.fromAsync(segmenter.segment(many))).rejects.toMatchObject({
      code: "group_too_large",
      limit: { limit: MAX_GROUP, actual: MAX_GROUP + 1 },
    });
  });

  test("an image without a header is named before any is decoded", async () => {
    const log: string[] = [];
    const segmenter = await toy({ log });
    await expect(Array.fromAsync(segmenter.segment(group(1, 254)))).rejects.toMatchObject({
      code: "image_type_unsupported",
      image: { index: 1, id: "image 254" },
    });
    expect(log).toEqual([]);
  });

  test("an image that cannot be decoded is named", async () => {
    const log: string[] = [];
    const segmenter = await toy({ log });
    await expect(Array.fromAsync(segmenter.segment(group(1, 255)))).rejects.toMatchObject({
      code: "image_undecodable",
      image: { index: 1, id: "image 255" },
    });
    expect(log.at(-1)).toBe("trim");
  });

  test("an aborted signal stops before the next graph", async () => {
    const log: string[] = [];
    const segmenter = await toy({ log });
    const controller = new AbortController();
    const onEvent = (event: SegmentEvent) => {
      if (event.stage === "encoded") controller.abort(new Error("enough"));
    };
    const options = { signal: controller.signal, onEvent };
    await expect(Array.fromAsync(segmenter.segment(group(1, 2), options))).rejects.toThrow(
      "enough",
    );
    expect(log.filter((line) => line.startsWith("run"))).toEqual(["run encoder"]);
  });

  test("a graph that is not the manifest's", async () => {
    const model = await toyModel();
    const tampered: ModelFiles = async (name) =>
      name === "decoder" ? new TextEncoder().encode("something else") : model(name);
    const segmenter = await createSegmenter({
      model: tampered,
      runtime: toyRuntime(),
      decoder: toyDecoder(),
    });
    await expect(Array.fromAsync(segmenter.segment(group(1)))).rejects.toMatchObject({
      code: "model_invalid",
    });
  });

  test("a manifest's error names the field", async () => {
    await expect(toy({ changes: { excludeSelf: "yes" } })).rejects.toThrow("excludeSelf");
  });

  test.each([
    ["another schema", { schema: 2 }],
    ["refinements without a graph", { refinements: 1, graphs: {} }],
    ["an empty name", { name: "" }],
  ])("a manifest with %s", async (_, changes) => {
    await expect(toy({ changes })).rejects.toMatchObject({ code: "model_invalid" });
  });
});

test("the digest names what results depend on, and nothing else", async () => {
  const { digest } = await toy();
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect((await toy({ changes: { metrics: { J: 0.6 } } })).digest).toBe(digest);
  expect((await toy({ changes: { refinements: 1 } })).digest).not.toBe(digest);
  expect((await toy({ changes: { version: "2" } })).digest).not.toBe(digest);
});
