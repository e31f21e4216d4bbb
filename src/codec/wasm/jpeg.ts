import { side } from "../scale.ts";
import type { Pixels } from "../types.ts";
import type { HeapDecoder, Scaled } from "./heap.ts";

/** What @cwasm/jpeg-turbo's module exports: libjpeg-turbo's TurboJPEG API, pointers as numbers. */
interface TurboJpeg {
  readonly memory: WebAssembly.Memory;
  malloc(size: number): number;
  free(pointer: number): void;
  tjInitDecompress(): number;
  tjDestroy(handle: number): number;
  tjDecompressHeader3(
    handle: number,
    file: number,
    length: number,
    width: number,
    height: number,
    subsampling: number,
    colourSpace: number,
  ): number;
  tjDecompress2(
    handle: number,
    file: number,
    length: number,
    pixels: number,
    width: number,
    pitch: number,
    height: number,
    format: number,
    flags: number,
  ): number;
}

const RGBA = 7;
/** Of the heap as it is at first: the library's constants and variables, among them its last message. */
const STATIC_BYTES = 128 * 1024;

/**
 * The decoder of @cwasm/jpeg-turbo 0.1.3. Of a reduced image only the lower frequencies are turned
 * into pixels, so that a phone photograph takes 3 MB of heap beside its file and a quarter of the time. The package's
 * own glue reads its module from a file and asks for the full size only.
 */
export function openJpeg(wasm: WebAssembly.Module): HeapDecoder {
  const nothing = () => 0;
  const fail = (what: string) => () => {
    throw new Error(`the JPEG decoder called ${what}`);
  };
  const { exports } = new WebAssembly.Instance(wasm, {
    // libjpeg leaves by longjmp when a file is broken: the instance is in no known state after it.
    env: { setjmp: nothing, longjmp: fail("longjmp") },
    wasi_snapshot_preview1: {
      environ_sizes_get: nothing,
      environ_get: nothing,
      proc_exit: fail("exit"),
      fd_close: nothing,
      fd_seek: nothing,
      fd_write: nothing,
    },
  });
  const library = exports as unknown as TurboJpeg;
  return {
    get heapBytes() {
      return library.memory.buffer.byteLength;
    },
    decode(bytes, visit, scaled) {
      return decode(library, bytes, visit, scaled);
    },
  };
}

function decode<T>(
  library: TurboJpeg,
  bytes: Uint8Array,
  visit: (pixels: Pixels) => T,
  { width, height, eighths }: Scaled,
): T {
  const file = allocate(library, bytes.length);
  new Uint8Array(library.memory.buffer).set(bytes, file);
  const handle = library.tjInitDecompress();
  const sizes = allocate(library, 16);
  if (library.tjDecompressHeader3(handle, file, bytes.length, ...at(sizes)) !== 0) {
    throw new Error("the header is broken");
  }
  // A second frame header may have told our own reader something else; this one will be obeyed.
  const [storedWidth, storedHeight] = new Uint32Array(library.memory.buffer, sizes, 2);
  if (storedWidth !== width || storedHeight !== height) throw new Error("two sizes are told");

  const reduced = { width: side(width, eighths), height: side(height, eighths) };
  const pitch = 4 * reduced.width;
  const pixels = allocate(library, pitch * reduced.height);
  const status = library.tjDecompress2(
    handle,
    file,
    bytes.length,
    pixels,
    reduced.width,
    pitch,
    reduced.height,
    RGBA,
    0,
  );
  if (status !== 0 && !onlyPadded(library.memory)) throw new Error("the data are broken");
  library.tjDestroy(handle);
  library.free(sizes);
  library.free(file);
  const data = new Uint8Array(library.memory.buffer, pixels, pitch * reduced.height);
  const result = visit({ ...reduced, data });
  library.free(pixels);
  return result;
}

function allocate(library: TurboJpeg, size: number): number {
  const pointer = library.malloc(size);
  if (pointer === 0) throw new Error("the decoder's heap is full");
  return pointer;
}

/** Where four integers go that begin at `pointer`. */
function at(pointer: number): [number, number, number, number] {
  return [pointer, pointer + 4, pointer + 8, pointer + 12];
}

/**
 * Whether what libjpeg warned of is only that bytes without meaning stand before a marker: some
 * cameras fill up their files so. TurboJPEG keeps its first warning as text, and exports no way to
 * it; everything else it warns of is a picture damaged from there on.
 */
function onlyPadded(memory: WebAssembly.Memory): boolean {
  const text = new TextDecoder("latin1").decode(new Uint8Array(memory.buffer, 0, STATIC_BYTES));
  return /Corrupt JPEG data: \d+ extraneous bytes before marker/.test(text);
}
