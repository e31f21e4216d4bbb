/** Folder of the runtime's files, from the page's own. */
declare const RUNTIME_FOLDER: string;
/** Compressed bytes of onnxruntime-web's `.wasm` files, by their names. */
declare const RUNTIME_SIZES: Readonly<Record<string, number>>;
/** What the page is made of, for the service worker. */
declare const FILES: readonly string[];

declare module "*.css";
