/**
 * Runs one piece of work at a time in the whole process: every graph run and every graph load, of
 * all runtimes. In onnxruntime-web, overlapping runs of one or several sessions either hang the
 * WebGPU builds for good and block the event loop, so that no timeout fires, or fail with "Session
 * already started" (https://github.com/huggingface/transformers.js/issues/909). Creating sessions
 * concurrently does the same. In onnxruntime-node, two concurrent WebGPU sessions crash the process
 * (https://github.com/microsoft/onnxruntime/issues/32561).
 *
 * In a Worker, a dropped request never settles its promises and could leave this mutex locked. But
 * onnxruntime's WASM build does no I/O and sets no timers, so work there finishes within the turn
 * of the event loop in which it started.
 */
export function runExclusive<T>(work: () => Promise<T>): Promise<T> {
  const result = last.then(work, work);
  last = result;
  return result;
}

let last: Promise<unknown> = Promise.resolve();
