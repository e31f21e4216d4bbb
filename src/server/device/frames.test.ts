import { PassThrough } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Frame, FrameReader, packTensors, unpackTensors, writeFrame } from "./frames.ts";

/** The frames that arrive when a pipe delivers what `send` writes in pieces of `size` bytes. */
function received(send: (pipe: PassThrough) => void, size: number): Frame<unknown>[] {
  const pipe = new PassThrough({ highWaterMark: 1 << 24 });
  send(pipe);
  const bytes: Buffer = pipe.read() ?? Buffer.alloc(0);
  const frames: Frame<unknown>[] = [];
  const reader = new FrameReader<unknown>((frame) => frames.push(frame));
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return frames;
}

it("delivers frames complete and in order, however the pipe splits them", () => {
  const frame = fc.record({
    head: fc.jsonValue(),
    parts: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(frame), fc.integer({ min: 1, max: 100 }), (sent, size) => {
      const frames = received((pipe) => {
        for (const { head, parts } of sent) writeFrame(pipe, head, parts);
      }, size);
      expect(frames.map(({ head }) => JSON.stringify(head))).toEqual(
        sent.map(({ head }) => JSON.stringify(head)),
      );
      expect(frames.map(({ bytes }) => [...bytes])).toEqual(
        sent.map(({ parts }) => parts.flatMap((part) => [...part])),
      );
    }),
  );
});

it("delivers tensors, whatever precedes them in the frame", () => {
  const tensors = {
    image: { dims: [1, 3, 2], data: Float32Array.of(1, -2, 3.5, 0, Number.NaN, 6) },
    // A view of a larger buffer, as in a group.
    keys: { dims: [2], data: new Float32Array([9, 7, 8, 9]).subarray(1, 3) },
    none: { dims: [0, 4], data: new Float32Array() },
  };
  for (const name of ["", "a", "ab", "ä", "abcd"]) {
    const { heads, parts } = packTensors(tensors);
    const [frame] = received((pipe) => writeFrame(pipe, { name, heads }, parts), 7);
    const back = unpackTensors(heads, frame!.bytes);
    expect(Object.keys(back)).toEqual(["image", "keys", "none"]);
    expect(back).toEqual({ ...tensors, keys: { dims: [2], data: Float32Array.of(7, 8) } });
  }
});
