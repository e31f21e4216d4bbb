import { fileURLToPath } from "node:url";
import { modelFolder } from "../../engine/host/node.ts";
import type { ModelFiles } from "../../engine/index.ts";

/** The model that comes with the package. */
export const MODEL = "cosal-lite";

export function bundledModel(): ModelFiles {
  return modelFolder(fileURLToPath(new URL(`../../../models/${MODEL}`, import.meta.url)));
}
