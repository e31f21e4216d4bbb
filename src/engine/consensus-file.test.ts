import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeConsensus, encodeConsensus, MAX_CONSENSUS_BYTES } from "./consensus-file.ts";

const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const consensus = fc
  .tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 127 }), digest)
  .chain(([prototypes, channels, model]) =>
    fc.record({
      model: fc.constant(model),
      shape: fc.constant([prototypes, channels] as const),
      data: fc.float32Array({
        ...{ noNaN: true, noDefaultInfinity: true },
        ...{ minLength: prototypes * channels, maxLength: prototypes * channels },
      }),
    }),
  );

test("comes back as it was, from under 8 kB", () => {
  const property = fc.property(consensus, (value) => {
    const bytes = encodeConsensus(value);
    expect(bytes.length).toBeLessThan(MAX_CONSENSUS_BYTES);
    expect(decodeConsensus(bytes)).toEqual(value);
  });
  fc.assert(property, { numRuns: 50 });
});

test("cosal-lite's takes 4 kB, in float32", () => {
  const data = new Float32Array(8 * 128).fill(0.1);
  const bytes = encodeConsensus({ model: "a".repeat(64), shape: [8, 128], data });
  expect(bytes.length).toBe(44 + 4096);
});

test("a larger one is kept in float16, one larger still is refused", () => {
  const value = { model: "0f".repeat(32), shape: [8, 500] as const };
  const bytes = encodeConsensus({ ...value, data: new Float32Array(4000).fill(0.1) });
  expect(bytes.length).toBe(44 + 8000);
  expect(decodeConsensus(bytes).data[3999]).toBeCloseTo(0.1, 4);
  const large = { ...value, shape: [8, 512] as const, data: new Float32Array(8 * 512) };
  expect(() => encodeConsensus(large)).toThrow(RangeError);
});

test("any bytes are read or refused", () => {
  const known = encodeConsensus({
    model: "c".repeat(64),
    shape: [2, 3],
    data: Float32Array.of(1, 2, 3, 4, 5, 6),
  });
  const damaged = fc
    .record({ at: fc.nat(known.length - 1), to: fc.integer({ min: 0, max: 255 }), cut: fc.nat(70) })
    .map(({ at, to, cut }) => {
      const bytes = known.slice();
      bytes[at] = to;
      return bytes.subarray(0, cut > 60 ? undefined : known.length - cut);
    });
  const property = fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 100 })), (bytes) => {
    try {
      const { shape, data, model } = decodeConsensus(bytes);
      expect(data.length).toBe(shape[0] * shape[1]);
      expect(model).toMatch(/^[0-9a-f]{64}$/);
      expect(data.every(Number.isFinite)).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ code: "consensus_invalid" });
    }
  });
  fc.assert(property, { numRuns: 500 });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("no consensus has %s", (value) => {
  const bytes = encodeConsensus({
    model: "c".repeat(64),
    shape: [1, 1],
    data: Float32Array.of(value),
  });
  expect(() => decodeConsensus(bytes)).toThrow("not finite numbers");
});
