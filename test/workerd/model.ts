import affinity from "../../models/cosal-lite/affinity.onnx";
import decoder from "../../models/cosal-lite/decoder.onnx";
import encoder from "../../models/cosal-lite/encoder.onnx";
import manifest from "../../models/cosal-lite/manifest.json";
import refine from "../../models/cosal-lite/refine.onnx";
import seed from "../../models/cosal-lite/seed.onnx";
import type { ModelFiles } from "../../src/engine/index.ts";

const FILES: Readonly<Record<string, ArrayBuffer>> = {
  "affinity.onnx": affinity,
  "decoder.onnx": decoder,
  "encoder.onnx": encoder,
  "refine.onnx": refine,
  "seed.onnx": seed,
  "manifest.json": new TextEncoder().encode(JSON.stringify(manifest)).buffer,
};

/** cosal-lite, as modules of the test's own bundle. */
export const modelFiles: ModelFiles = async (name) => {
  const bytes = FILES[name];
  if (!bytes) throw new Error(`no file ${name}`);
  return new Uint8Array(bytes);
};
