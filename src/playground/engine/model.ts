import { type Manifest, type ModelFiles, parseManifest } from "../../engine/index.ts";
import { CACHE, download, type OnBytes } from "./downloads.ts";

export interface Model {
  readonly manifest: Manifest;
  readonly files: ModelFiles;
  /** Bytes of the model's graphs. */
  readonly bytes: number;
}

/** Loads the model in a folder. Its graphs are fetched in parallel, and cached by their digests. */
export async function openModel(folder: string, onBytes: OnBytes): Promise<Model> {
  const description = await newest(`${folder}/manifest.json`);
  const manifest = parseManifest(description);
  const graphs = Object.values(manifest.graphs).filter((graph) => graph !== undefined);
  const bytes = graphs.reduce((sum, graph) => sum + graph.bytes, 0);
  const fetched = new Map<string, Promise<Uint8Array>>();
  const graphFile = (name: string): Promise<Uint8Array> => {
    const graph = graphs.find(({ file }) => file === name);
    if (graph === undefined) throw new Error(`The model has no file ${name}.`);
    let file = fetched.get(name);
    if (file === undefined) {
      file = download(`${folder}/${name}?sha256=${graph.sha256}`, onBytes);
      fetched.set(name, file);
    }
    return file;
  };
  return {
    manifest,
    bytes,
    files: async (name) => {
      if (name === "manifest.json") return description;
      const file = await graphFile(name);
      fetched.delete(name);
      return file;
    },
  };
}

/** Fetches from the network. Without a network, returns the cached response. */
async function newest(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const cache = await globalThis.caches?.open(CACHE).catch(() => undefined);
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url}: ${response.status}`);
    await cache?.put(url, response.clone()).catch(() => {});
    return await response.bytes();
  } catch (error) {
    const kept = await cache?.match(url);
    if (kept === undefined) throw error;
    return kept.bytes();
  }
}
