export { type AppDependencies, createApp } from "./app.ts";
export type { Computing, Exclusive } from "./compute.ts";
export type { GroupEvent, Progress } from "./events.ts";
export { MAX_BODY_BYTES } from "./limits.ts";
export type { Problem, ProblemOfImage } from "./problems.ts";
export type { GroupBody, ImageBody, MaskBody } from "./representation.ts";
