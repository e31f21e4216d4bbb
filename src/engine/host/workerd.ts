// `cosal/engine/workerd`: what an engine in a Worker is made of. Its `.wasm` imports are modules that
// wrangler compiles when the Worker is deployed.
export { workerdDecoder } from "../../codec/workerd.ts";
export { workerdRuntime } from "../runtime/workerd.ts";
