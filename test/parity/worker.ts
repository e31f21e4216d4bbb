// The place "workerd": POST groups, get masks.
import { workerdDecoder } from "../../src/codec/workerd.ts";
import type { ModelFiles } from "../../src/engine/index.ts";
import { workerdRuntime } from "../../src/engine/runtime/workerd.ts";
import { segmentGroups } from "./segment.ts";

interface Bindings {
  readonly ASSETS: { fetch(url: string): Promise<Response> };
}

export default {
  async fetch(request: Request, { ASSETS }: Bindings): Promise<Response> {
    const model: ModelFiles = async (name) => {
      const response = await ASSETS.fetch(`https://assets.internal/cosal-lite/${name}`);
      if (!response.ok) throw new Error(`${name}: ${response.status}`);
      return new Uint8Array(await response.arrayBuffer());
    };
    const parts = { model, runtime: workerdRuntime(), decoder: workerdDecoder() };
    return Response.json(await segmentGroups(parts, await request.json()));
  },
};
