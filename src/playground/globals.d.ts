/** Folder of the runtime's files, relative to the page. */
declare const RUNTIME_FOLDER: string;
/** Compressed sizes of onnxruntime-web's `.wasm` files in bytes, by name. */
declare const RUNTIME_SIZES: Readonly<Record<string, number>>;
/** All files of the page, for the service worker. */
declare const FILES: readonly string[];

declare module "*.css";
