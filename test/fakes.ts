import type { AppDependencies } from "../src/app/index.ts";
import type {
  Consensus,
  ImageInput,
  ImageMask,
  Segmenter,
  SegmentOptions,
} from "../src/engine/index.ts";
import { CosalError } from "../src/errors.ts";
import type { GroupResult, GroupStore } from "../src/group/index.ts";

/** A store that keeps everything, until `forgetMasks`. */
export class MemoryStore implements Pick<GroupStore, "result" | "mask" | "putMask" | "putResult"> {
  readonly results = new Map<string, GroupResult>();
  readonly masks = new Map<string, Uint8Array<ArrayBuffer>>();

  async result(group: string) {
    return this.results.get(group);
  }
  async mask(group: string, image: string) {
    const png = this.masks.get(`${group}/${image}`);
    if (png === undefined) this.results.delete(group);
    return png;
  }
  async putMask(group: string, image: string, png: Uint8Array<ArrayBuffer>) {
    this.masks.set(`${group}/${image}`, png);
  }
  async putResult(result: GroupResult) {
    this.results.set(result.id, result);
  }
}

/**
 * A segmenter that sees no pixels: a file is an image if it begins with "image", and its "mask" is
 * its own text. What it was given is in `calls`.
 */
export class FakeSegmenter implements Segmenter {
  readonly name = "fake";
  readonly digest = "f".repeat(64);
  readonly manifest = {} as Segmenter["manifest"];
  readonly calls: string[][] = [];

  async *segment(images: readonly ImageInput[], { signal, onEvent }: SegmentOptions = {}) {
    const files = await Promise.all(
      images.map(({ bytes }) => (typeof bytes === "function" ? bytes() : bytes)),
    );
    this.calls.push(files.map(text));
    for (const [index, { id }] of images.entries()) {
      const bytes = files[index] as Uint8Array;
      if (!text(bytes).startsWith("image")) {
        throw new CosalError("image_type_unsupported", "no image", { image: { index, id } });
      }
    }
    for (const [index, { id }] of images.entries()) {
      const bytes = files[index] as Uint8Array;
      await new Promise((resolve) => setTimeout(resolve, 1));
      signal?.throwIfAborted();
      if (text(bytes).includes("broken")) {
        throw new CosalError("image_undecodable", "broken", { image: { index, id } });
      }
      await onEvent?.({ stage: "encoded", index, id, cached: false });
    }
    for (const [index, { id }] of images.entries()) {
      await onEvent?.({ stage: "mask", index, id });
      yield fakeMask(index, id, files[index] as Uint8Array);
    }
  }

  segmentWith(_: Consensus, images: readonly ImageInput[], options: SegmentOptions = {}) {
    return this.segment(images, options);
  }

  async consensus(): Promise<Consensus> {
    return { model: this.digest, shape: [1, 1], data: new Float32Array(1) };
  }
}

function fakeMask(index: number, id: string, bytes: Uint8Array): ImageMask {
  return {
    index,
    id,
    width: bytes.length,
    height: 7,
    coverage: 0.25,
    box: [1, 2, 3, 4],
    presence: 0.75,
    logits: { width: 1, height: 1, data: new Float32Array(1) },
    png: async () => Uint8Array.from(bytes),
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Turns in the order asked for. */
function queue(): AppDependencies["exclusive"] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = last.then(() => work(() => {}));
    last = turn.catch(() => {});
    return turn;
  };
}

export function fakeDependencies() {
  const segmenter = new FakeSegmenter();
  const store = new MemoryStore();
  return {
    segmenter: async () => segmenter,
    store,
    backend: "wasm",
    exclusive: queue(),
    fake: segmenter,
  } satisfies AppDependencies & { fake: FakeSegmenter };
}
