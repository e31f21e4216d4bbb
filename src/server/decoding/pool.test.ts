import { readFile } from "node:fs/promises";
import { afterAll, expect, it } from "vitest";
import { nodeDecoder } from "../../codec/node.ts";
import { decoderPool } from "./pool.ts";

const pool = decoderPool(2);
afterAll(() => pool.close());

const load = async (path: string) =>
  new Uint8Array(await readFile(new URL(`../../../${path}`, import.meta.url)));
const format = {
  width: 64,
  height: 48,
  mean: [0.5, 0.5, 0.5],
  std: [0.5, 0.5, 0.5],
} as const;

it("gives what the decoder of this thread gives, for several at once", async () => {
  const files = await Promise.all(
    [1, 6].flatMap((n) =>
      ["jpg", "png", "webp"].map((type) => load(`test/fixtures/images/orientation-${n}.${type}`)),
    ),
  );
  const own = nodeDecoder();
  const samples = await Promise.all(files.map((file) => pool.sample(file, format)));
  const pixels = await Promise.all(files.map((file) => pool.decode(file)));
  for (const [i, file] of files.entries()) {
    expect(pool.inspect(file)).toEqual(own.inspect(file));
    expect(samples[i]).toEqual(await own.sample(file, format));
    expect(pixels[i]).toEqual(await own.decode(file));
  }
  // The file is still the caller's.
  expect(files.every((file) => file.length > 0)).toBe(true);
});

it("tells what is wrong with a file, and goes on", async () => {
  const file = await load("test/fixtures/images/orientation-1.jpg");
  const broken = file.subarray(0, file.length / 3);
  const random = new Uint8Array(100);
  await expect(pool.sample(random, format)).rejects.toMatchObject({
    code: "image_type_unsupported",
  });
  await expect(pool.sample(broken, format)).rejects.toMatchObject({ name: "CosalError" });
  expect((await pool.sample(file, format)).length).toBe(3 * 64 * 48);
});
