// `cosal/engine/workerd`: the parts of an engine in a Worker. Its `.wasm` imports are modules that
// wrangler compiles at deployment.
export { workerdDecoder } from "../../codec/workerd.ts";
export { workerdRuntime } from "../runtime/workerd.ts";
