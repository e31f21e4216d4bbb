import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { group, masks, toy, toyRuntime } from "../../test/toy-network.ts";
import {
  type FeatureCache,
  type ImageInput,
  memoryFeatureCache,
  reduceSeedMask,
  type Seed,
  type SegmentEvent,
  seedGrid,
} from "./index.ts";

const runs = (log: string[], graph: string) => log.filter((line) => line === `run ${graph}`).length;

/** Events as lines. */
function listener() {
  const lines: string[] = [];
  return {
    lines,
    onEvent: (event: SegmentEvent) => {
      if (event.stage === "skipped") lines.push(`skipped ${event.index} ${event.error.code}`);
      else if (event.stage === "encoded" && event.cached) lines.push(`cached ${event.index}`);
      else lines.push("index" in event ? `${event.stage} ${event.index}` : event.stage);
    },
  };
}

describe("lazily loaded images", () => {
  test("are asked for one at a time, each when the one before is encoded", async () => {
    const log: string[] = [];
    const images = group(1, 2).map(({ id, bytes }) => ({
      id,
      bytes: async () => {
        log.push(`load ${id}`);
        return bytes as Uint8Array;
      },
    }));
    const segmenter = await toy({ log });
    expect(await masks(segmenter.segment(images))).toEqual([-0.5, 0.5]);
    expect(log.filter((line) => /load|encoder/.test(line))).toEqual([
      ...["load image 1", "open encoder", "run encoder", "load image 2", "run encoder"],
    ]);
  });

  test("a header that is broken ends the group when its turn comes", async () => {
    const images = [...group(1), { id: "late", bytes: async () => Uint8Array.of(254) }];
    await expect(masks((await toy()).segment(images))).rejects.toMatchObject({
      code: "image_type_unsupported",
      image: { index: 1, id: "late" },
    });
  });

  test("what fails to load for another reason is not the image's fault", async () => {
    const images = [{ id: "x", bytes: () => Promise.reject(new Error("no network")) }];
    const segmentation = (await toy()).segment(images, { onError: "skip" });
    await expect(masks(segmentation)).rejects.toThrow("no network");
  });
});

describe("onError: skip", () => {
  test("bad images have no part in the group", async () => {
    const { lines, onEvent } = listener();
    const segmenter = await toy();
    const found = await Array.fromAsync(
      segmenter.segment(group(2, 255, 4, 254), { onError: "skip", onEvent }),
      ({ index, logits }) => [index, logits.data[0]],
    );
    expect(found).toEqual([
      [0, -1],
      [2, 1],
    ]);
    expect(lines).toContain("skipped 1 image_undecodable");
    expect(lines).toContain("skipped 3 image_type_unsupported");
  });

  test("a group of which nothing is left", async () => {
    const segmentation = (await toy()).segment(group(254, 255), { onError: "skip" });
    await expect(masks(segmentation)).rejects.toMatchObject({ code: "group_empty" });
  });
});

test("a deadline stops before the next graph", async () => {
  const log: string[] = [];
  const segmenter = await toy({ log });
  const past = segmenter.segment(group(1, 2), { deadline: Date.now() });
  await expect(masks(past)).rejects.toMatchObject({ code: "deadline_exceeded" });
  expect(log).toEqual([]);
  const soon = segmenter.segment(group(1, 2), {
    deadline: Date.now() + 50,
    onEvent: () => new Promise((resolve) => setTimeout(resolve, 60)),
  });
  await expect(masks(soon)).rejects.toMatchObject({ code: "deadline_exceeded" });
  expect(runs(log, "encoder")).toBeLessThan(2);
  expect(await masks(segmenter.segment(group(1), { deadline: Date.now() + 60_000 }))).toEqual([0]);
});

describe("seeds", () => {
  const seeded = async (images: ImageInput[], seeds: Seed[], changes: object = {}) =>
    (await (await toy({ changes })).consensus(images, { seeds })).data[0];

  // The photograph is 10 x 6, its grid two cells side by side: 1 for the left, 10 for the right.
  test("the first consensus is of the marked examples alone", async () => {
    const right: Seed = { image: 1, box: [5, 0, 5, 6] };
    expect(await seeded(group(3, 7), [right])).toBe(70);
    expect(await seeded(group(3, 7), [{ image: 1, point: [7.5, 3] }])).toBe(70);
    const data = Uint8Array.of(0, 255);
    expect(await seeded(group(3, 7), [{ image: 1, mask: { width: 2, height: 1, data } }])).toBe(70);
    expect(await seeded(group(3, 7), [right, { image: 0, box: [0, 0, 5, 6] }])).toBe((70 + 3) / 2);
  });

  test("a mask that was reduced to the network's cells marks exactly the same", async () => {
    const grid = seedGrid((await toy()).manifest);
    const sides = fc.integer({ min: 1, max: 9 });
    const masks = fc.tuple(sides, sides).chain(([width, height]) => {
      const data = fc.uint8Array({ minLength: width * height, maxLength: width * height });
      return data.map((values) => ({ width, height, data: values }));
    });
    const marked = masks.filter(({ data }) => data.some((value) => value > 0));
    await fc.assert(
      fc.asyncProperty(marked, async (mask) => {
        const reduced = reduceSeedMask(mask, grid);
        expect(reduced.data).toHaveLength(grid.width * grid.height);
        expect(await seeded(group(3, 7), [{ image: 1, mask: reduced }])).toBe(
          await seeded(group(3, 7), [{ image: 1, mask }]),
        );
      }),
      { numRuns: 50 },
    );
  });

  test("marks on one image are joined", async () => {
    const seeds: Seed[] = [
      { image: 0, box: [0, 0, 5, 6] },
      { image: 0, box: [5, 0, 5, 6] },
    ];
    expect(await seeded(group(2), seeds)).toBe(22);
  });

  test("a mark of what is not meant leaves the rest of its photograph", async () => {
    const negative = true;
    expect(await seeded(group(3, 7), [{ image: 1, negative, box: [0, 0, 5, 6] }])).toBe(70);
    const data = Uint8Array.of(51, 0);
    const faint = { image: 0, negative, mask: { width: 2, height: 1, data } };
    expect(await seeded(group(5), [faint])).toBeCloseTo(5 * (0.8 + 10), 4);
  });

  test("the object is what is marked, less what is marked as not meant in the same photograph", async () => {
    const all: Seed = { image: 1, negative: false, box: [0, 0, 10, 6] };
    const left: Seed = { image: 1, negative: true, box: [0, 0, 5, 6] };
    for (const seeds of [
      [all, left],
      [left, all],
    ]) {
      expect(await seeded(group(3, 7), seeds)).toBe(70);
    }
  });

  test("a photograph with negative marks alone counts only where none has a positive one", async () => {
    const negative: Seed = { image: 1, negative: true, box: [0, 0, 5, 6] };
    const seeds: Seed[] = [negative, { image: 0, box: [0, 0, 5, 6] }];
    expect(await seeded(group(3, 7), seeds)).toBe(3);
    expect(await seeded(group(3, 7), [negative, { ...negative, image: 0 }])).toBe((70 + 30) / 2);
    const options = { seeds, onError: "skip" } as const;
    expect((await (await toy()).consensus(group(255, 7), options)).data[0]).toBe(70);
  });

  test.each<[string, Seed[]]>([
    ["all of the photograph", [{ image: 0, negative: true, box: [0, 0, 10, 6] }]],
    [
      "all that is marked",
      [
        { image: 1, point: [3, 3] },
        { image: 0, point: [3, 3] },
        { image: 0, negative: true, point: [3, 3] },
      ],
    ],
  ])("negative marks that cover %s", async (_, seeds) => {
    await expect(seeded(group(1, 2), seeds)).rejects.toMatchObject({
      code: "seed_invalid",
      image: { index: 0 },
      message: expect.stringContaining("leave nothing"),
    });
  });

  test("is refined over the whole group", async () => {
    // 70 from the seed; then the mean of (3 + 70) / 2 and (7 + 70) / 2.
    const changes = { refinements: 1 };
    expect(await seeded(group(3, 7), [{ image: 1, box: [5, 0, 5, 6] }], changes)).toBe(37.5);
  });

  test("is refined as often as the model says of seeds", async () => {
    const changes = { refinements: 2, seededRefinements: 1 };
    expect(await seeded(group(3, 7), [{ image: 1, box: [5, 0, 5, 6] }], changes)).toBe(37.5);
    const plain = { refinements: 1, seededRefinements: 0 };
    expect(await seeded(group(3, 7), [{ image: 1, box: [5, 0, 5, 6] }], plain)).toBe(70);
  });

  test.each<[string, Seed]>([
    ["an image that is not there", { image: 2, point: [1, 1] }],
    ["half an image", { image: 0.5, point: [1, 1] }],
    ["a point outside", { image: 0, point: [10, 3] }],
    ["a point that is no number", { image: 0, point: [Number.NaN, 3] }],
    ["a box outside", { image: 0, box: [20, 0, 4, 4] }],
    ["a negative box outside", { image: 0, negative: true, box: [20, 0, 4, 4] }],
    ["a box without an area", { image: 0, box: [1, 1, 0, 4] }],
    ["an empty mask", { image: 0, mask: { width: 2, height: 1, data: new Uint8Array(2) } }],
    [
      "a mask of another size",
      { image: 0, mask: { width: 2, height: 2, data: new Uint8Array(3) } },
    ],
  ])("%s", async (_, seed) => {
    await expect(seeded(group(1, 2), [seed])).rejects.toMatchObject({ code: "seed_invalid" });
  });

  test("a seed on an image that was skipped is left out; all of them, and nothing is marked", async () => {
    const segmenter = await toy();
    const seeds: Seed[] = [
      { image: 0, point: [1, 1] },
      { image: 1, point: [7.5, 3] },
    ];
    const options = { seeds, onError: "skip" } as const;
    expect((await segmenter.consensus(group(255, 7), options)).data[0]).toBe(70);
    const none = segmenter.consensus(group(255, 255, 7), options);
    await expect(none).rejects.toMatchObject({ code: "seed_invalid" });
  });

  test("a model without a seed graph says so, before it does anything", async () => {
    const manifest = JSON.parse(JSON.stringify((await toy()).manifest));
    delete manifest.graphs.seed;
    const consensus = seeded(group(1), [{ image: 0, point: [1, 1] }], { graphs: manifest.graphs });
    await expect(consensus).rejects.toMatchObject({ code: "seeds_unsupported" });
  });
});

describe("segmentWith", () => {
  test("new images under a consensus that others made", async () => {
    const log: string[] = [];
    const segmenter = await toy({ log });
    const consensus = await segmenter.consensus(group(2, 4));
    log.length = 0;
    expect(await masks(segmenter.segmentWith(consensus, group(10, 1)))).toEqual([7, -2]);
    expect(log.filter((line) => line.startsWith("run"))).toEqual([
      ...["run encoder", "run decoder", "run encoder", "run decoder"],
    ]);
  });

  test("gives what the group's own segmentation gives", async () => {
    const segmenter = await toy({ changes: { refinements: 2 } });
    const consensus = await segmenter.consensus(group(2, 4, 9));
    expect(await masks(segmenter.segmentWith(consensus, group(2, 4, 9)))).toEqual(
      await masks(segmenter.segment(group(2, 4, 9))),
    );
  });

  test("refuses another model's consensus, and no image", async () => {
    const consensus = await (await toy({ changes: { version: "2" } })).consensus(group(2));
    const segmenter = await toy();
    await expect(masks(segmenter.segmentWith(consensus, group(1)))).rejects.toMatchObject({
      code: "consensus_incompatible",
    });
    const own = await segmenter.consensus(group(2));
    await expect(masks(segmenter.segmentWith(own, []))).rejects.toMatchObject({
      code: "group_empty",
    });
  });

  test("skips bad images", async () => {
    const segmenter = await toy();
    const consensus = await segmenter.consensus(group(2));
    const segmentation = segmenter.segmentWith(consensus, group(255, 5), { onError: "skip" });
    expect(await masks(segmentation)).toEqual([3]);
  });
});

describe("feature cache", () => {
  test("adding one image to a known group of 20 encodes one image", async () => {
    const log: string[] = [];
    const segmenter = await toy({ log, features: memoryFeatureCache(1e6) });
    const known = group(...Array.from({ length: 20 }, (_, i) => i));
    await masks(segmenter.segment(known));
    expect(runs(log, "encoder")).toBe(20);
    const { lines, onEvent } = listener();
    const found = await masks(segmenter.segment([...known, ...group(100)], { onEvent }));
    expect(runs(log, "encoder")).toBe(21);
    expect(lines.filter((line) => line.startsWith("cached"))).toHaveLength(20);
    expect(found).toEqual(await masks((await toy()).segment([...known, ...group(100)])));
  });

  test("a known image with a digest is not loaded", async () => {
    const segmenter = await toy({ features: memoryFeatureCache(1e6) });
    const digest = "d".repeat(64);
    await masks(segmenter.segment([{ id: "a", digest, bytes: Uint8Array.of(5) }]));
    const bytes = () => Promise.reject(new Error("not to be loaded"));
    const [mask] = await Array.fromAsync(segmenter.segment([{ id: "b", digest, bytes }]));
    expect(mask).toMatchObject({ id: "b", width: 10, height: 6 });
  });

  test("values that are foreign, cut off or of another version are made anew", async () => {
    const kept = new Map<string, Uint8Array>();
    const features: FeatureCache = {
      get: async (key) => kept.get(key),
      put: async (key, bytes) => void kept.set(key, bytes),
    };
    const log: string[] = [];
    const segmenter = await toy({ log, features });
    const wanted = await masks(segmenter.segment(group(3, 4)));
    const [key, good] = [...kept][0]!;
    expect(key).toMatch(new RegExp(`^${segmenter.digest}/[0-9a-f]{64}$`));
    const nextVersion = good.slice();
    nextVersion[7]!++;
    for (const bad of [new Uint8Array(), good.slice(1), new Uint8Array(good.length), nextVersion]) {
      log.length = 0;
      kept.set(key, bad);
      expect(await masks(segmenter.segment(group(3, 4)))).toEqual(wanted);
      expect(runs(log, "encoder")).toBe(1);
      expect(kept.get(key)).toEqual(good);
    }
    // At an odd address, as a slice of a larger file may be.
    const shifted = new Uint8Array(good.length + 1);
    shifted.set(good, 1);
    kept.set(key, shifted.subarray(1));
    expect(await masks(segmenter.segment(group(3, 4)))).toEqual(wanted);
  });

  test("a cache that fails costs time only", async () => {
    const fail = () => Promise.reject(new Error("down"));
    const segmenter = await toy({ features: { get: fail, put: fail } });
    expect(await masks(segmenter.segment(group(1, 2)))).toEqual([-0.5, 0.5]);
  });
});

describe("concurrency", () => {
  /** The toy runtime, with the largest number of runs that were in flight at once. */
  function counting() {
    const inner = toyRuntime();
    const count = { now: 0, most: 0 };
    const runtime: typeof inner = {
      async open(graph) {
        const session = await inner.open(graph);
        return {
          ...session,
          async run(inputs) {
            count.most = Math.max(count.most, ++count.now);
            try {
              return await session.run(inputs);
            } finally {
              count.now--;
            }
          },
        };
      },
    };
    return { runtime, count };
  }

  test("as many as allowed, one by default, and the same masks in the same order", async () => {
    const property = fc.asyncProperty(
      fc.array(fc.nat(253), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      async (values, concurrency) => {
        const { runtime, count } = counting();
        const segmenter = await toy({ runtime, concurrency, changes: { refinements: 1 } });
        const alone = await toy({ changes: { refinements: 1 } });
        expect(await masks(segmenter.segment(group(...values)))).toEqual(
          await masks(alone.segment(group(...values))),
        );
        expect(count.most).toBe(Math.min(concurrency, values.length));
      },
    );
    await fc.assert(property, { numRuns: 30 });
  });

  test("a graph that several images wait for is opened once", async () => {
    const log: string[] = [];
    const segmenter = await toy({ log, concurrency: 4, changes: { refinements: 1 } });
    await masks(segmenter.segment(group(1, 2, 3, 4, 5)));
    expect(log.filter((line) => line.startsWith("open"))).toEqual([
      ...["open encoder", "open affinity", "open refine", "open decoder"],
    ]);
  });

  test("who stops early leaves nothing running", async () => {
    const { runtime, count } = counting();
    const segmenter = await toy({ runtime, concurrency: 4 });
    for await (const _ of segmenter.segment(group(1, 2, 3, 4, 5, 6))) break;
    expect(count.now).toBe(0);
    await expect(masks(segmenter.segment(group(1, 255, 255, 4)))).rejects.toMatchObject({
      image: { index: 1 },
    });
    expect(count.now).toBe(0);
  });
});
