// `cosal/engine/browser`: the parts of an engine in a page or a web worker.
import type { ModelFiles } from "../types.ts";

export { browserDecoder } from "../../codec/browser.ts";
export { type BrowserOptions, type BrowserRuntime, browserRuntime } from "../runtime/browser.ts";

/** A model in a folder on a web server. */
export function modelAt(url: string): ModelFiles {
  return async (name) => {
    const response = await fetch(`${url}/${name}`);
    if (!response.ok) throw new Error(`${url}/${name}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
}
