// Workers compile `.wasm` imports ahead of time and give the module.
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
