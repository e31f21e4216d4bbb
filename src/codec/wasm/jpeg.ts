import { inksToRgb } from "../jpeg/colours.ts";
import { checkEntropy } from "../jpeg/entropy.ts";
import { MARKER } from "../jpeg/markers.ts";
import { decodeReduced } from "../jpeg/reduced.ts";
import { isRowByRow, readStructure, scannedBlocks } from "../jpeg/structure.ts";
import { checkScans, MAX_SCANNED_BLOCKS_WHOLE } from "../limits.ts";
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
const CMYK = 11;
const END_OF_IMAGE = [0xff, MARKER.EOI];

/**
 * The decoder of @cwasm/jpeg-turbo 0.1.3. Of a reduced image only the lower frequencies are turned
 * into pixels, so that a phone photograph takes 3 MB of heap beside its file and a quarter of the
 * time. The package's own glue reads its module from a file and asks for the full size only.
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
  const structure = readStructure(bytes);
  if (!isRowByRow(structure)) {
    if (eighths < 8) return visit(decodeReduced(bytes, structure, eighths));
    checkScans(structure.scans.length, scannedBlocks(structure), MAX_SCANNED_BLOCKS_WHOLE);
  }
  // What follows the image may be anything: another one, or a maker's own data instead of an end.
  const length = structure.end + END_OF_IMAGE.length;
  const file = allocate(library, length);
  const heap = new Uint8Array(library.memory.buffer);
  heap.set(bytes.subarray(0, structure.end), file);
  heap.set(END_OF_IMAGE, file + structure.end);

  const reduced = { width: side(width, eighths), height: side(height, eighths) };
  const pitch = 4 * reduced.width;
  const pixels = allocate(library, pitch * reduced.height);
  const isCmyk = structure.frame.components.length === 4;
  const handle = library.tjInitDecompress();
  // TurboJPEG's function for the header is not asked: it refuses all samplings but the usual ones.
  const status = library.tjDecompress2(
    handle,
    file,
    length,
    pixels,
    reduced.width,
    pitch,
    reduced.height,
    isCmyk ? CMYK : RGBA,
    0,
  );
  // libjpeg warned of something: of a flaw that harms nothing, or of a picture that is damaged.
  if (status !== 0) checkEntropy(bytes, structure);
  library.tjDestroy(handle);
  library.free(file);
  const data = new Uint8Array(library.memory.buffer, pixels, pitch * reduced.height);
  if (isCmyk) inksToRgb(data);
  const result = visit({ ...reduced, data });
  library.free(pixels);
  return result;
}

function allocate(library: TurboJpeg, size: number): number {
  const pointer = library.malloc(size);
  if (pointer === 0) throw new Error("the decoder's heap is full");
  return pointer;
}
