import fc from "fast-check";
import { describe, expect, it } from "vitest";
import vectors from "../../test/vectors/group-identity.json" with { type: "json" };
import { canonicalForm, type GroupContents, groupId, sha256 } from "./identity.ts";
import type { SeedIdentity } from "./seeds.ts";

const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const token = fc.stringMatching(/^[a-z0-9._-]{1,12}$/);
const coordinate = fc.nat(16_383);
const mark = fc.oneof(
  fc.record({ image: digest, point: fc.tuple(coordinate, coordinate) }),
  fc.record({ image: digest, box: fc.tuple(coordinate, coordinate, coordinate, coordinate) }),
  fc.record({
    image: digest,
    mask: fc.record({ width: coordinate, height: coordinate, sha256: digest }),
  }),
  fc.record({
    image: digest,
    rle: fc.record({ height: coordinate, width: coordinate, sha256: digest }),
  }),
);
const sign = fc.constantFrom({}, { negative: true });
const seed = fc
  .tuple(sign, mark)
  .map(([sign, mark]) => ({ ...sign, ...mark })) satisfies fc.Arbitrary<SeedIdentity>;
const contents = fc.record({
  model: digest,
  options: fc.dictionary(token, token, { maxKeys: 4 }),
  seeds: fc.array(seed, { maxLength: 4 }),
  images: fc.uniqueArray(digest, { minLength: 1, maxLength: 8 }),
}) satisfies fc.Arbitrary<GroupContents>;

describe("group identity", () => {
  it.each(vectors)("reproduces the published vector: $name", async (vector) => {
    expect(canonicalForm(vector as unknown as GroupContents)).toBe(vector.canonical);
    expect(await groupId(vector as unknown as GroupContents)).toBe(vector.id);
  });

  it("hashes photographs as `sha256sum` does", async () => {
    expect(await sha256(new TextEncoder().encode("abc"))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("does not depend on the order of images, seeds and options, nor on repeats", async () => {
    const shuffled = contents.chain((group) =>
      fc.record({
        group: fc.constant(group),
        images: fc.shuffledSubarray(group.images, { minLength: group.images.length }),
        repeats: fc.subarray(group.images),
        seeds: fc.shuffledSubarray(group.seeds, { minLength: group.seeds.length }),
        again: fc.subarray(group.seeds),
        names: fc.shuffledSubarray(Object.keys(group.options), {
          minLength: Object.keys(group.options).length,
        }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ group, images, repeats, names, seeds, again }) => {
        const options = Object.fromEntries(names.map((name) => [name, group.options[name]!]));
        const other = {
          model: group.model,
          options,
          seeds: [...seeds, ...again],
          images: [...images, ...repeats],
        };
        expect(await groupId(other)).toBe(await groupId(group));
      }),
    );
  });

  it("differs when the model, the consensus, an option, a seed or an image differs", async () => {
    await fc.assert(
      fc.asyncProperty(
        contents,
        digest,
        token,
        token,
        seed,
        async (group, other, name, value, added) => {
          fc.pre(other !== group.model && !group.images.includes(other));
          fc.pre(group.options[name] !== value);
          fc.pre(!group.seeds.some((one) => JSON.stringify(one) === JSON.stringify(added)));
          const changed: GroupContents[] = [
            { ...group, model: other },
            { ...group, consensusOf: other },
            { ...group, seeds: [...group.seeds, added] },
            { ...group, options: { ...group.options, [name]: value } },
            { ...group, images: [...group.images, other] },
            { ...group, images: [...group.images.slice(1), other] },
          ];
          const ids = await Promise.all([group, ...changed].map(groupId));
          expect(new Set(ids).size).toBe(ids.length);
        },
      ),
    );
  });

  it("differs when a mark is of what is not meant; a positive one may say so or not", async () => {
    await fc.assert(
      fc.asyncProperty(contents, digest, mark, async (group, image, mark) => {
        const id = (sign: object) => groupId({ ...group, seeds: [{ ...mark, image, ...sign }] });
        expect(await id({ negative: true })).not.toBe(await id({}));
        expect(await id({ negative: false })).toBe(await id({}));
      }),
    );
  });

  it("is the SHA-256 of the canonical form", async () => {
    await fc.assert(
      fc.asyncProperty(contents, async (group) => {
        expect(await groupId(group)).toBe(
          await sha256(new TextEncoder().encode(canonicalForm(group))),
        );
        expect(canonicalForm(group)).toMatch(
          /^cosal-group\/2\nmodel [0-9a-f]{64}\n(option \S+ \S+\n)*(seed [0-9a-f]{64} .+\n)*(image [0-9a-f]{64}\n)+$/,
        );
      }),
    );
  });

  it.each<GroupContents>([
    { model: "short", options: {}, images: [] },
    { model: "A".repeat(64), options: {}, images: [] },
    { model: "a".repeat(64), options: {}, images: ["x\n"] },
    { model: "a".repeat(64), options: { "two words": "1" }, images: [] },
    { model: "a".repeat(64), options: { size: "line\nimage" }, images: [] },
    { model: "a".repeat(64), options: {}, consensusOf: "x", images: [] },
    { model: "a".repeat(64), options: {}, seeds: [{ image: "x", point: [1, 2] }], images: [] },
    {
      model: "a".repeat(64),
      options: {},
      seeds: [{ image: "a".repeat(64), point: [1.5, 2] }],
      images: [],
    },
    {
      model: "a".repeat(64),
      options: {},
      seeds: [{ image: "a".repeat(64), box: [1, 2, -3, 4] }],
      images: [],
    },
    {
      model: "a".repeat(64),
      options: {},
      seeds: [{ image: "a".repeat(64), mask: { width: 1, height: 1, sha256: "1\nimage" } }],
      images: [],
    },
    {
      model: "a".repeat(64),
      options: {},
      seeds: [{ image: "a".repeat(64), rle: { height: 1, width: 1, sha256: "1\nimage" } }],
      images: [],
    },
  ])("refuses what could forge another group's form: %j", (group) => {
    expect(() => canonicalForm(group)).toThrow(TypeError);
  });
});
