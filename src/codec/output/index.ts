export { dropSmallComponents } from "./components.ts";
export { binaryPng, maskPng } from "./mask-png.ts";
export type { MaskOptions } from "./options.ts";
export { atModelSize, decodeLogits, encodeLogits, LOGITS_TYPE, type MaskRecord } from "./record.ts";
export { type CocoRle, maskRle } from "./rle.ts";
