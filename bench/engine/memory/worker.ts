// The engine in a Worker, behind an instrument that knows every WebAssembly memory of the isolate.
// `/group?images=64&from=URL` segments photographs that it loads one by one, as the Worker does with
// stored ones; `/heaps` tells the memories' sizes (`/heaps?collect` after a collection of garbage).

import { workerdDecoder } from "../../../src/codec/workerd.ts";
import { createSegmenter, type ImageInput, type Segmenter } from "../../../src/engine/index.ts";
import { workerdRuntime } from "../../../src/engine/runtime/workerd.ts";
import { heapsResponse } from "../../memory/instrument.ts";

interface Assets {
  fetch(url: string): Promise<Response>;
}

let segmenter: Segmenter | undefined;

export default {
  async fetch(request: Request, env: { readonly ASSETS: Assets }): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname !== "/group") return heapsResponse(url);
    const images = Number(url.searchParams.get("images"));
    return Response.json(await group(env.ASSETS, images, url.searchParams.get("from") as string));
  },
};

async function group(assets: Assets, count: number, from: string): Promise<number> {
  segmenter ??= await createSegmenter({
    model: async (name) => {
      const response = await assets.fetch(`https://assets.internal/cosal-lite/${name}`);
      if (!response.ok) throw new Error(`${name}: ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    },
    runtime: workerdRuntime(),
    decoder: workerdDecoder(),
  });
  const images = Array.from({ length: count }, (_, i): ImageInput => {
    const bytes = async () => new Uint8Array(await (await fetch(`${from}/${i}`)).arrayBuffer());
    return { id: String(i), bytes };
  });
  let covered = 0;
  for await (const mask of segmenter.segment(images, { onEvent: turnOfEventLoop })) {
    covered += mask.coverage;
    await turnOfEventLoop();
  }
  return covered;
}

/** Lets the instrument be asked. */
function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
