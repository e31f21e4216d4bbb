import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blocks, collected } from "./chunks.ts";

async function* chunked(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] as number;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe("a body's blocks", () => {
  it("are the bytes as they came, in as few buffers as they fit into", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(200_000),
        fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 5 }),
        async (length, sizes) => {
          const bytes = Uint8Array.from({ length }, (_, i) => i * 31);
          const found = await Array.fromAsync(blocks(chunked(bytes, sizes)));
          expect(Buffer.compare(Buffer.concat(found), bytes)).toBe(0);
          const own = await collected(blocks(chunked(bytes, sizes)));
          expect(Buffer.compare(own, bytes)).toBe(0);
          expect(own.buffer.byteLength).toBe(length);
          expect(found.length).toBe(Math.ceil(length / 65_536));
          const held = found.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
          expect(held).toBeLessThan(length + 65_536);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("of single bytes take no more memory than others", async () => {
    const found = await Array.fromAsync(blocks(chunked(new Uint8Array(200_000), [1])));
    expect(found.length).toBe(4);
  });
});
