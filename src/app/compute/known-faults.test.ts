import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { CosalError } from "../../errors.ts";
import { KnownFaults } from "./known-faults.ts";
import type { LoadableImage } from "./types.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const image: LoadableImage = {
  id: "a",
  index: 0,
  sha256: "0".repeat(64),
  load: async () => new Uint8Array(),
};

/** Notes a fault, and returns what its cause held on to. */
function noted(faults: KnownFaults): WeakRef<object> {
  const heap = { bytes: new Uint8Array(1024) };
  const cause = Object.assign(new Error("at work"), { heap });
  faults.note("tenant", image, new CosalError("image_undecodable", "It is broken.", { cause }));
  return new WeakRef(heap);
}

test("a known fault keeps nothing alive of what was at work when it was found", async () => {
  const faults = new KnownFaults();
  const heap = noted(faults);
  // A WeakRef holds its target until the current task ends.
  await new Promise((resolve) => setTimeout(resolve, 0));
  collectGarbage();
  expect(heap.deref()).toBeUndefined();
  await expect(faults.guarded("tenant", image).load()).rejects.toMatchObject({
    code: "image_undecodable",
    message: "It is broken.",
  });
});

test("another tenant's photograph is tried anew", () => {
  const faults = new KnownFaults();
  noted(faults);
  expect(faults.guarded("another", image)).toBe(image);
});
