import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toyModel } from "../../test/toy-network.ts";
import { FeatureFormat } from "./features.ts";
import { describeModel } from "./model.ts";

// An odd number of halves before the bytes, so that their place has to be rounded up.
const OUTPUTS = { features: ["batch", 3, 1, 3], keys: ["batch", 5], laterals: ["batch", 2, 4] };

async function format(): Promise<FeatureFormat> {
  const { manifest } = await describeModel(await toyModel());
  const { encoder, ...others } = manifest.graphs;
  const outputs = OUTPUTS as typeof encoder.outputs;
  return new FeatureFormat({
    ...manifest,
    graphs: { ...others, encoder: { ...encoder, outputs } },
  });
}

const tensor = (length: number, dims: number[]) =>
  fc
    .float32Array({
      ...{ minLength: length, maxLength: length, min: -1000, max: 1000 },
      ...{ noNaN: true, noDefaultInfinity: true },
    })
    .map((data) => ({ data, dims }));
const tensors = fc.record({
  features: tensor(9, [1, 3, 1, 3]),
  keys: tensor(5, [1, 5]),
  laterals: tensor(8, [1, 2, 4]),
});
const side = fc.integer({ min: 1, max: 2 ** 31 });

describe("features of an image", () => {
  test("what is compared is kept in float16, what is only decoded to 1/255 of its channel's range", async () => {
    const kept = await format();
    const property = fc.property(tensors, side, side, (given, width, height) => {
      const features = kept.pack(width, height, given);
      expect(features.record.length).toBe(kept.bytes);
      const back = kept.unpack(features, ["features", "keys", "laterals"]);
      expect(back.features).toEqual({
        dims: [1, 3, 1, 3],
        data: given.features.data.map(Math.f16round),
      });
      expect(back.keys?.data).toEqual(given.keys.data.map(Math.f16round));
      for (const channel of [0, 1]) {
        const before = given.laterals.data.subarray(4 * channel, 4 * channel + 4);
        const step = (Math.max(...before) - Math.min(...before)) / 255;
        for (const [i, value] of before.entries()) {
          const difference = Math.abs((back.laterals?.data[4 * channel + i] as number) - value);
          expect(difference).toBeLessThanOrEqual(step / 2 + 1e-3);
        }
      }
    });
    fc.assert(property);
  });

  test("come back from their bytes, wherever these lie", async () => {
    const kept = await format();
    const property = fc.property(tensors, side, fc.nat(5), (given, width, shift) => {
      const { record } = kept.pack(width, 7, given);
      const file = new Uint8Array(record.length + shift);
      file.set(record, shift);
      const back = kept.parse(file.subarray(shift));
      expect(back).toMatchObject({ width, height: 7 });
      expect(back?.record).toEqual(record);
      const names = ["keys", "laterals"];
      expect(kept.unpack(back!, names)).toEqual(kept.unpack({ width, height: 7, record }, names));
    });
    fc.assert(property);
  });

  test("unpacked are only those that are asked for", async () => {
    const kept = await format();
    const [given] = fc.sample(tensors, 1);
    const features = kept.pack(1, 1, given!);
    expect(Object.keys(kept.unpack(features, ["keys", "consensus"]))).toEqual(["keys"]);
  });

  test("an encoder that gives something else", async () => {
    const kept = await format();
    const [given] = fc.sample(tensors, 1);
    expect(() => kept.pack(1, 1, { ...given, keys: given!.features })).toThrow("keys");
  });
});
