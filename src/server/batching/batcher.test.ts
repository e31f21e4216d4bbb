import { describe, expect, it } from "vitest";
import type { Tensor, Tensors } from "../../engine/index.ts";
import type { RunGraph } from "../device/runtime.ts";
import { batched } from "./batcher.ts";
import { type CurrentGroup, forGroup } from "./current-group.ts";

/** An image of two values whose features are its first value, doubled. */
const image = (value: number): Tensor => ({ dims: [1, 2], data: Float32Array.of(value, 1) });

/** A device that runs when it is told to. */
function setUp(pads = false) {
  const turns: { inputs: () => Tensors; settle: PromiseWithResolvers<Tensors> }[] = [];
  const run: RunGraph = (inputs, { signal } = {}) => {
    const settle = Promise.withResolvers<Tensors>();
    const turn = { inputs, settle };
    turns.push(turn);
    signal?.addEventListener("abort", () => {
      if (turns.includes(turn)) turns.splice(turns.indexOf(turn), 1);
      settle.reject(signal.reason);
    });
    return settle.promise;
  };
  const batches: number[][] = [];
  const shapes: number[] = [];
  let shared = 0;
  const encode = batched(run, {
    batching: () => ({ largest: 16, pads }),
    onBatch: ({ shape }) => shapes.push(shape),
    onShared: () => shared++,
  });
  return {
    encode: async (value: number) => (await encode({ image: image(value) })).features!.data[0],
    turns,
    batches,
    shapes,
    shared: () => shared,
    /** The next run, from its beginning to its end. */
    async work(error?: Error) {
      const { inputs, settle } = turns.shift()!;
      const data = inputs().image!.data.filter((_, i) => i % 2 === 0);
      batches.push([...data]);
      if (error) settle.reject(error);
      else settle.resolve({ features: { dims: [data.length, 1], data: data.map((x) => 2 * x) } });
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

async function inGroup<T>(group: CurrentGroup, work: () => Promise<T>): Promise<T> {
  async function* once() {
    yield await work();
  }
  for await (const value of forGroup(group, once())) return value;
  throw new Error("nothing");
}

const groupOf = (images: number, signal = new AbortController().signal): CurrentGroup => ({
  images,
  served: 0,
  caller: "",
  signal,
});

describe("the batcher", () => {
  it("gathers what comes until the device is free, and gives each its own", async () => {
    const { encode, work, batches, shapes } = setUp();
    const values = [1, 2, 3, 4, 5, 6, 7];
    const outcomes = Promise.all(values.map(encode));
    await work();
    await work();
    await work();
    expect(await outcomes).toEqual([2, 4, 6, 8, 10, 12, 14]);
    expect(batches).toEqual([[1, 2, 3, 4], [5, 6], [7]]);
    expect(shapes).toEqual([4, 2, 1]);
  });

  it("fills a batch up with zeros where that pays", async () => {
    const { encode, work, batches } = setUp(true);
    const outcomes = Promise.all([1, 2, 3].map(encode));
    await work();
    expect(await outcomes).toEqual([2, 4, 6]);
    expect(batches).toEqual([[1, 2, 3, 0]]);
  });

  it("encodes an image that waits or runs already only once", async () => {
    const { encode, turns, work, shared, batches } = setUp();
    const outcomes = [encode(1), encode(1), encode(2)];
    const [turn] = turns;
    const inputs = turn!.inputs;
    turn!.inputs = () => {
      const tensors = inputs();
      outcomes.push(encode(1));
      return tensors;
    };
    await work();
    expect(await Promise.all(outcomes)).toEqual([2, 2, 4, 2]);
    expect(batches).toEqual([[1, 2]]);
    expect(shared()).toBe(2);
    const again = encode(1);
    await work();
    expect(await again).toBe(2);
    expect(batches.length).toBe(2);
  });

  it("mixes groups fairly", async () => {
    const { encode, work, batches } = setUp();
    const [large, small] = [groupOf(6), groupOf(2)];
    const outcomes = [
      ...[1, 2, 3, 4, 5, 6].map((value) => inGroup(large, () => encode(value))),
      ...[10, 20].map((value) => inGroup(small, () => encode(value))),
    ];
    await new Promise((resolve) => setImmediate(resolve));
    await work();
    await Promise.all(outcomes);
    expect(batches[0]!.slice(0, 4)).toEqual([10, 1, 20, 2]);
  });

  it("leaves out whose caller has left, unless somebody else wants it too", async () => {
    const { encode, turns, work, batches } = setUp();
    const leave = new AbortController();
    const outcomes = [1, 2].map((value) =>
      inGroup(groupOf(2, leave.signal), () => encode(value)).catch((error) => error.message),
    );
    await new Promise((resolve) => setImmediate(resolve));
    const other = encode(2);
    leave.abort(new Error("gone"));
    expect(await Promise.all(outcomes)).toEqual(["gone", "gone"]);
    await work();
    expect(await other).toBe(4);
    expect(batches).toEqual([[2]]);
    expect(turns).toEqual([]);
  });

  it("goes on with a batch that somebody has left", async () => {
    const { encode, turns } = setUp();
    const leave = new AbortController();
    const gone = inGroup(groupOf(1, leave.signal), () => encode(1)).catch(() => "gone");
    const stays = inGroup(groupOf(1), () => encode(2));
    const { inputs, settle } = turns[0]!;
    expect(inputs().image!.dims[0]).toBe(2);
    leave.abort();
    expect(await gone).toBe("gone");
    settle.resolve({ features: { dims: [2, 1], data: Float32Array.of(2, 4) } });
    expect(await stays).toBe(4);
  });

  it("asks for no run when all have left, and for another when somebody comes", async () => {
    const { encode, turns, work } = setUp();
    const leave = new AbortController();
    const gone = inGroup(groupOf(1, leave.signal), () => encode(1)).catch(() => "gone");
    await new Promise((resolve) => setImmediate(resolve));
    leave.abort();
    expect(await gone).toBe("gone");
    expect(turns).toEqual([]);
    const other = encode(3);
    await new Promise((resolve) => setImmediate(resolve));
    await work();
    expect(await other).toBe(6);
  });

  it("fails a batch whose run fails, and no other", async () => {
    const { encode, work } = setUp();
    const outcomes = [1, 2, 3].map((value) => encode(value).catch((error) => error.message));
    await work(new Error("broken"));
    await work();
    expect(await Promise.all(outcomes)).toEqual(["broken", "broken", 6]);
  });
});
