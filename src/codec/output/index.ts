export { atModelSize, decodeLogits, encodeLogits, LOGITS_TYPE, type MaskRecord } from "./record.ts";
