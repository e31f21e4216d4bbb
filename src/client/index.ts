export type * as api from "./api.ts";
export { Cosal } from "./cosal.ts";
export { CosalError, type ErrorCode } from "./errors.ts";
export type { Group, GroupRun } from "./group.ts";
export type { HttpOptions } from "./http.ts";
export type { Mask, MaskForm, RenderOptions, StudioLook } from "./mask.ts";
export type { ApplyOptions, CallOptions, GroupOptions } from "./options.ts";
export type { Photograph, Source } from "./photographs.ts";
export type { OnProgress, Progress } from "./progress.ts";
