export type { Decoder, ImageHeader, ImageType, Pixels } from "./types.ts";
