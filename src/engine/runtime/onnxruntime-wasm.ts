// onnxruntime-web's WASM build. In the published package, `scripts/build.ts` puts that build itself
// in this module's place, with its `.wasm` beside it: the whole of onnxruntime-web is 139 MB.
export { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
