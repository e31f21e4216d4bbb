import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryFeatureCache } from "./feature-cache.ts";

test("holds no more than its bytes, and what was used last stays", async () => {
  const cache = memoryFeatureCache(10);
  await cache.put("a", new Uint8Array(4));
  await cache.put("b", new Uint8Array(4));
  await cache.get("a");
  await cache.put("c", new Uint8Array(4));
  expect(await cache.get("a")).toBeDefined();
  expect(await cache.get("b")).toBeUndefined();
  expect(await cache.get("c")).toBeDefined();
  await cache.put("too large", new Uint8Array(11));
  expect(await cache.get("too large")).toBeUndefined();
  expect(await cache.get("c")).toBeDefined();
  await cache.put("a", new Uint8Array(6));
  expect((await cache.get("a"))?.length).toBe(6);
});

test("is a least-recently-used cache, whatever is asked of it", async () => {
  const operation = fc.record({
    key: fc.constantFrom("a", "b", "c", "d", "e"),
    size: fc.option(fc.integer({ min: 1, max: 8 })),
  });
  const property = fc.asyncProperty(fc.array(operation), async (operations) => {
    const cache = memoryFeatureCache(12);
    let model: [key: string, size: number][] = []; // the one used last at the end
    for (const { key, size } of operations) {
      const known = model.find(([other]) => other === key);
      if (size === null) {
        expect((await cache.get(key))?.length).toBe(known?.[1]);
        if (known) model = [...model.filter((entry) => entry !== known), known];
      } else {
        await cache.put(key, new Uint8Array(size));
        model = [...model.filter((entry) => entry !== known), [key, size]];
        while (model.reduce((sum, [, bytes]) => sum + bytes, 0) > 12) model.shift();
      }
    }
  });
  await fc.assert(property);
});
