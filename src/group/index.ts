export type { GroupContents } from "./identity.ts";
export {
  canonicalForm,
  distinct,
  groupId,
  IDENTITY_VERSION,
  isDigest,
  sha256,
} from "./identity.ts";
export type { GroupOptions } from "./options.ts";
export { DEFAULT_OPTIONS } from "./options.ts";
export type { GroupResult, ImageResult } from "./result.ts";
export type { GroupStore } from "./store.ts";
