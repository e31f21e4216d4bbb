import type { ModelFiles } from "../engine/index.ts";
import { CosalError } from "../errors.ts";

/** The binding of the static assets, which are the folder `models`. */
export interface Assets {
  fetch(url: string): Promise<Response>;
}

/** The files of one model among the static assets. */
export function modelFiles(assets: Assets, model: string): ModelFiles {
  return async function modelFile(name) {
    const response = await assets.fetch(`https://assets.internal/${model}/${name}`);
    if (!response.ok) {
      throw new CosalError("model_invalid", `The model file ${model}/${name} is missing.`);
    }
    return new Uint8Array(await response.arrayBuffer());
  };
}
