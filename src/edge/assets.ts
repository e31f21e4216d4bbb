import type { ModelFiles } from "../engine/index.ts";
import { CosalError } from "../errors.ts";

/** The binding of the static assets, as `scripts/assets.ts` lays them out. */
export interface Assets {
  fetch(url: string): Promise<Response>;
}

const ORIGIN = "https://assets.internal";

/** The files of one model. */
export function modelFiles(assets: Assets, model: string): ModelFiles {
  return async function modelFile(name) {
    const response = await assets.fetch(`${ORIGIN}/models/${model}/${name}`);
    if (!response.ok) {
      throw new CosalError("model_invalid", `The model file ${model}/${name} is missing.`);
    }
    return new Uint8Array(await response.arrayBuffer());
  };
}

/** A file of the playground. */
export async function pageFile(assets: Assets, path: string): Promise<Response | undefined> {
  // The assets redirect `/index.html` to `/`.
  const response = await assets.fetch(`${ORIGIN}${path === "/index.html" ? "/" : path}`);
  return response.ok ? response : undefined;
}

/** A file of the documentation page. */
export async function documentation(assets: Assets, name: string): Promise<Response | undefined> {
  const response = await assets.fetch(`${ORIGIN}/docs/${name}`);
  return response.ok ? response : undefined;
}
