/**
 * Keeps a heap that onnxruntime-web's glue has made from growing by more than it needs. Emscripten
 * asks for 20 % more than it has, then, if that fails, for 10 %, then for 5 %, each time at least
 * for what is needed (`MEMORY_GROWTH_GEOMETRIC_STEP`, its default); the first two of three are
 * refused here. Nine pages of a hundred saved: an isolate has 128 MB, and no heap ever shrinks.
 *
 * @param imports of the module, the memory among them (onnxruntime-web 1.30.0)
 */
export function growTightly(imports: WebAssembly.Imports): void {
  for (const value of Object.values(imports).flatMap((group) => Object.values(group))) {
    if (value instanceof WebAssembly.Memory) refuseOverGrowth(value);
  }
}

const ATTEMPTS = 3;

function refuseOverGrowth(memory: WebAssembly.Memory): void {
  let attempt = 0;
  memory.grow = (pages) => {
    attempt++;
    if (attempt < ATTEMPTS) throw new RangeError("ask for less");
    attempt = 0;
    return WebAssembly.Memory.prototype.grow.call(memory, pages);
  };
}
