import type { Pixels } from "../types.ts";
import type { HeapDecoder } from "./heap.ts";

/** What the decoders' factories of @jsquash/webp and avif make. They return null for a broken file. */
interface DecoderModule {
  decode(bytes: Uint8Array, ...options: readonly (boolean | number)[]): object | null;
}

/** How a module compiled by Emscripten is given its instance. */
export type InstantiateWasm = (
  imports: WebAssembly.Imports,
  done: (instance: WebAssembly.Instance) => void,
) => WebAssembly.Exports;

export interface EmscriptenOptions {
  readonly noInitialRun: boolean;
  readonly print: (text: string) => void;
  readonly printErr: (text: string) => void;
  readonly instantiateWasm: InstantiateWasm;
}

export type SquooshFactory<Module = DecoderModule> = (
  options: EmscriptenOptions,
) => Promise<Module>;

/**
 * Options for a module compiled by Emscripten, which is silent, and has a heap that grows to `heap`
 * bytes; growing further fails inside the module, as if memory had run out. `memory` is there once
 * the module is.
 */
export function emscriptenOptions(
  wasm: WebAssembly.Module,
  heap: number,
): { readonly options: EmscriptenOptions; readonly memory: () => WebAssembly.Memory | undefined } {
  let memory: WebAssembly.Memory | undefined;
  const ignore = () => {};
  const options: EmscriptenOptions = {
    noInitialRun: true,
    print: ignore,
    printErr: ignore,
    instantiateWasm(imports, done) {
      const instance = new WebAssembly.Instance(wasm, imports);
      memory = Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
      if (memory) limitGrowth(memory, heap);
      done(instance);
      return instance.exports;
    },
  };
  return { options, memory: () => memory };
}

/** An instance of a codec of the Squoosh family. */
export async function instantiateSquoosh<Module>(
  factory: SquooshFactory<Module>,
  wasm: WebAssembly.Module,
  heap: number,
): Promise<{ module: Module; memory: WebAssembly.Memory | undefined }> {
  const { options, memory } = emscriptenOptions(wasm, heap);
  const module = await withoutPolyfill(() => factory(options));
  return { module, memory: memory() };
}

/**
 * Where there is no `ImageData`, the factories leave one of their own behind, which would keep the
 * heap of the instance that made it for ever. Factories run synchronously up to that point.
 */
function withoutPolyfill<T>(make: () => T): T {
  const before = globalThis.ImageData;
  try {
    return make();
  } finally {
    globalThis.ImageData = before;
  }
}

/**
 * A decoder of that family.
 *
 * @param heap bytes that the heap may grow to. The file's own header may lie (AVIF keeps the size
 * twice), so this is enforced.
 * @param options further arguments of `decode`: for AVIF, the depth
 */
export async function openSquoosh(
  factory: SquooshFactory,
  wasm: WebAssembly.Module,
  heap: number,
  options: readonly (boolean | number)[],
): Promise<HeapDecoder> {
  const { module, memory } = await instantiateSquoosh(factory, wasm, heap);
  const constructors = new HeapConstructors();
  return {
    get heapBytes() {
      return memory?.buffer.byteLength ?? 0;
    },
    decode(bytes, visit) {
      return constructors.during(() => module.decode(bytes, ...options), visit);
    },
  };
}

const PAGE = 64 * 1024;

function limitGrowth(memory: WebAssembly.Memory, heap: number): void {
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * PAGE > heap)
      throw new RangeError("decoder heap is full");
    return WebAssembly.Memory.prototype.grow.call(memory, pages);
  };
}

/**
 * The C++ side ends with `new ImageData(new Uint8ClampedArray(viewOfTheHeap), width, height)`, which
 * copies every pixel out of the heap: 48 MB for a phone photograph, in an isolate of 128. While the
 * decoder runs (it is synchronous), both constructors are replaced: the first hands the view on as
 * it is, the second shows it to the visitor. The C++ side looks them up once and keeps them, so each
 * instance has its own pair for life. `@jsquash/webp` 1.5.0 and `avif` 2.1.1 offer no other way.
 */
class HeapConstructors {
  private show: ((pixels: Pixels) => void) | undefined;

  // Functions, since they are called with `new` and what they return takes the new object's place.
  private readonly keepView = function keepView(view: Uint8Array) {
    return view;
  };
  private readonly showPixels: unknown;

  constructor() {
    const showAll = (pixels: Pixels) => this.show?.(pixels);
    this.showPixels = function showPixels(data: Uint8Array, width: number, height: number) {
      showAll({ data, width, height });
      return {};
    };
  }

  /** Runs `decode`, in which `visit` sees the pixels. */
  during<T>(decode: () => object | null, visit: (pixels: Pixels) => T): T {
    let outcome: { value: T } | { error: unknown } | undefined;
    this.show = (pixels) => {
      try {
        outcome = { value: visit(pixels) };
      } catch (error) {
        outcome = { error }; // must not pass through the decoder's frames
      }
    };
    const globals = globalThis as unknown as Record<"ImageData" | "Uint8ClampedArray", unknown>;
    const { ImageData: image, Uint8ClampedArray: array } = globals;
    globals.Uint8ClampedArray = this.keepView;
    globals.ImageData = this.showPixels;
    try {
      decode();
    } finally {
      globals.ImageData = image;
      globals.Uint8ClampedArray = array;
      this.show = undefined;
    }
    if (!outcome) throw new Error("the decoder gave no image");
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  }
}
