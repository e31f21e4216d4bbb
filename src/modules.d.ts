// What imports of files become in a Worker: the `rules` of wrangler.toml and vitest.config.ts say so.

declare module "*.wasm" {
  /** Compiled when the Worker is deployed. */
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.onnx" {
  const bytes: ArrayBuffer;
  export default bytes;
}

declare module "*.bin" {
  const bytes: ArrayBuffer;
  export default bytes;
}

declare module "*.jpg" {
  const bytes: ArrayBuffer;
  export default bytes;
}

declare module "*.png" {
  const bytes: ArrayBuffer;
  export default bytes;
}

declare module "*.webp" {
  const bytes: ArrayBuffer;
  export default bytes;
}

declare module "*.avif" {
  const bytes: ArrayBuffer;
  export default bytes;
}
