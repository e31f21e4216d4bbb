import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rank } from "./rendezvous-hash.ts";

const digest = fc.stringMatching(/^[0-9a-f]{64}$/);
const digests = fc.uniqueArray(digest, { minLength: 1, maxLength: 20 });
const backends = fc
  .uniqueArray(fc.webUrl(), { minLength: 1, maxLength: 6 })
  .map((urls) => urls.map((name) => ({ name })));

describe("rendezvous hashing", () => {
  it("names every backend once, whatever the order of images and backends", () => {
    fc.assert(
      fc.property(backends, digests, (all, images) => {
        const ranked = rank(all, images);
        expect(new Set(ranked)).toEqual(new Set(all));
        expect(rank(all.toReversed(), images.toReversed())).toEqual(ranked);
      }),
    );
  });

  it("moves no group of the backends that stay when one leaves", () => {
    fc.assert(
      fc.property(backends, digests, fc.nat(5), (all, images, which) => {
        const gone = all[which % all.length];
        const left = all.filter((backend) => backend !== gone);
        expect(rank(left, images)).toEqual(rank(all, images).filter((one) => one !== gone));
      }),
    );
  });

  it("spreads groups evenly, and keeps a group where it was when an image is added", () => {
    const all = ["a", "b", "c", "d"].map((name) => ({ name: `https://${name}.example` }));
    const counts = new Map<string, number>();
    let stayed = 0;
    const groups = 4000;
    let state = 1;
    const word = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state.toString(16).padStart(8, "0");
    };
    const image = () => Array.from({ length: 8 }, word).join("");
    for (let i = 0; i < groups; i++) {
      const images = Array.from({ length: 9 }, image);
      const first = rank(all, images)[0]!.name;
      counts.set(first, (counts.get(first) ?? 0) + 1);
      if (rank(all, [...images, image()])[0]!.name === first) stayed++;
    }
    for (const count of counts.values()) {
      expect(Math.abs(count / groups - 1 / 4)).toBeLessThan(0.04);
    }
    // 9/10 keep the smallest digest; of the others every fourth stays by chance.
    expect(stayed / groups).toBeGreaterThan(0.89);
  });
});
