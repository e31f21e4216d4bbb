/**
 * One piece of work at a time in the whole process: every run of a graph and every loading of one,
 * of all runtimes. In onnxruntime-web overlapping runs, of one session or of several, wedge the
 * WebGPU builds for good and block the event loop, so that no timeout fires, or fail with "Session
 * already started" (https://github.com/huggingface/transformers.js/issues/909); so do sessions that
 * are created at the same time. Natively two WebGPU sessions at once end the process
 * (https://github.com/microsoft/onnxruntime/issues/32561).
 *
 * In a Worker a request that is dropped never settles its promises, and would leave this lock shut;
 * but onnxruntime's WASM build does no I/O and sets no timer, so a piece of work there ends within
 * the turn of the event loop in which it began.
 */
export function runExclusive<T>(work: () => Promise<T>): Promise<T> {
  const result = last.then(work, work);
  last = result;
  return result;
}

let last: Promise<unknown> = Promise.resolve();
