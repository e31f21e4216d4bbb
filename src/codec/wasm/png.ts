import type { Pixels } from "../types.ts";
import type { HeapDecoder } from "./heap.ts";

interface PngExports {
  readonly memory: WebAssembly.Memory;
  __wbindgen_malloc(size: number, alignment: number): number;
  __wbindgen_free(pointer: number, size: number, alignment: number): void;
  decode(pointer: number, length: number): number;
}

/**
 * The decoder of @jsquash/png, which wraps Rust's `png`. The package's own glue keeps one instance
 * for ever, copies every pixel out of its heap, and leaks the file whenever one is broken; this one
 * can be dropped. Import names carry a hash, so they are known by how they begin.
 */
export function openPng(wasm: WebAssembly.Module): HeapDecoder {
  let show: ((pixels: Pixels) => void) | undefined;
  const imports: Record<string, (...args: number[]) => number> = {};
  for (const { name } of WebAssembly.Module.imports(wasm)) {
    imports[name] = name.startsWith("__wbg_newwithownedu8clampedarray")
      ? (pointer = 0, length = 0, width = 0, height = 0) => {
          const data = new Uint8Array(exports.memory.buffer, pointer >>> 0, length >>> 0);
          show?.({ data, width: width >>> 0, height: height >>> 0 });
          exports.__wbindgen_free(pointer, length, 1);
          return 0;
        }
      : () => {
          throw new Error(`the PNG decoder called ${name}`);
        };
  }
  const instance = new WebAssembly.Instance(wasm, { wbg: imports });
  const exports = instance.exports as unknown as PngExports;
  return {
    get heapBytes() {
      return exports.memory.buffer.byteLength;
    },
    decode<T>(bytes: Uint8Array, visit: (pixels: Pixels) => T): T {
      let outcome: { value: T } | undefined;
      show = (pixels) => {
        outcome = { value: visit(pixels) };
      };
      const pointer = exports.__wbindgen_malloc(bytes.length, 1) >>> 0;
      new Uint8Array(exports.memory.buffer, pointer, bytes.length).set(bytes);
      exports.decode(pointer, bytes.length);
      if (!outcome) throw new Error("the decoder gave no image");
      return outcome.value;
    },
  };
}
