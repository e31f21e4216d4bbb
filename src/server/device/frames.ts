import type { Writable } from "node:stream";
import type { Tensors } from "../../engine/index.ts";

/**
 * A message on the pipe between two processes: a JSON head and raw bytes. The bytes are sent without
 * base64, and only the kernel copies them.
 *
 * ```text
 * u32 length of the head | u32 length of the bytes | head, padded with spaces to 4 | bytes
 * ```
 *
 * Integers have the machine's byte order, since both ends run on the same machine.
 */
export interface Frame<Head> {
  readonly head: Head;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const PREFIX = 8;

/** The head is padded to this multiple, so that float32 views of a frame's bytes are aligned. */
const ALIGNMENT = 4;

/** Writes one frame. `parts` are its bytes, in order. Do not change them until the pipe has sent them. */
export function writeFrame(pipe: Writable, head: unknown, parts: readonly Uint8Array[] = []): void {
  const json = JSON.stringify(head);
  const length = Buffer.byteLength(json);
  const padded = Math.ceil(length / ALIGNMENT) * ALIGNMENT;
  const first = Buffer.allocUnsafe(PREFIX + padded).fill(" ");
  const prefix = new Uint32Array(2);
  prefix.set([padded, parts.reduce((sum, part) => sum + part.byteLength, 0)]);
  first.set(new Uint8Array(prefix.buffer));
  first.write(json, PREFIX);
  pipe.cork();
  pipe.write(first);
  for (const part of parts) if (part.byteLength > 0) pipe.write(part);
  pipe.uncork();
}

/** Assembles frames from the pieces of any size that a pipe delivers. */
export class FrameReader<Head> {
  readonly #onFrame: (frame: Frame<Head>) => void;
  readonly #prefix = new Uint8Array(PREFIX);
  /** Buffer for head and bytes of the current frame. Undefined until its prefix is complete. */
  #frame: Uint8Array<ArrayBuffer> | undefined;
  #headLength = 0;
  /** Bytes that have arrived of `#frame`, or of `#prefix` before it. */
  #filled = 0;

  constructor(onFrame: (frame: Frame<Head>) => void) {
    this.#onFrame = onFrame;
  }

  push(piece: Uint8Array): void {
    let rest = piece;
    while (rest.length > 0) {
      const target = this.#frame ?? this.#prefix;
      const taken = rest.subarray(0, target.length - this.#filled);
      target.set(taken, this.#filled);
      this.#filled += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#filled === target.length) this.#complete();
    }
  }

  #complete(): void {
    this.#filled = 0;
    if (this.#frame === undefined) {
      const [head, bytes] = new Uint32Array(this.#prefix.buffer) as unknown as [number, number];
      this.#headLength = head;
      this.#frame = new Uint8Array(head + bytes);
      return;
    }
    const frame = this.#frame;
    this.#frame = undefined;
    const head = new TextDecoder().decode(frame.subarray(0, this.#headLength));
    this.#onFrame({ head: JSON.parse(head), bytes: frame.subarray(this.#headLength) });
  }
}

/** A tensor in a frame's head. Its values are the next `size` float32 values of the frame's bytes. */
export interface TensorHead {
  readonly name: string;
  readonly dims: readonly number[];
  readonly size: number;
}

export function packTensors(tensors: Tensors): { heads: TensorHead[]; parts: Uint8Array[] } {
  const entries = Object.entries(tensors);
  return {
    heads: entries.map(([name, { dims, data }]) => ({ name, dims, size: data.length })),
    parts: entries.map(
      ([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ),
  };
}

/** Returns views of `bytes`, which must be the bytes of a frame. */
export function unpackTensors(
  heads: readonly TensorHead[],
  bytes: Uint8Array<ArrayBuffer>,
): Tensors {
  let offset = bytes.byteOffset;
  return Object.fromEntries(
    heads.map(({ name, dims, size }) => {
      const data = new Float32Array(bytes.buffer, offset, size);
      offset += data.byteLength;
      return [name, { dims, data }];
    }),
  );
}
