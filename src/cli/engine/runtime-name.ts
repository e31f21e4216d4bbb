/** Where the network runs: natively on the processor, or in WebAssembly. Both on one thread. */
export const RUNTIMES = ["native", "wasm"] as const;
export type RuntimeName = (typeof RUNTIMES)[number];
