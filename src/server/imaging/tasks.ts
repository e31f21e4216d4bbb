import type { RenderTask } from "../../app/representation/renderer.ts";
import type { InputFormat, Pixels } from "../../codec/index.ts";
import { CosalError, type ErrorCode, type LimitReference } from "../../errors.ts";

/** Work of a thread, and what it comes to. */
export type ImagingTask =
  | { readonly type: "decode"; readonly file: Uint8Array }
  | { readonly type: "sample"; readonly file: Uint8Array; readonly format: InputFormat }
  | { readonly type: "render"; readonly task: RenderTask };

export interface ImagingResults {
  readonly decode: Pixels;
  readonly sample: Float32Array;
  readonly render: Uint8Array<ArrayBuffer>;
}

/** Classes do not survive the way to another thread. */
export type Outcome =
  | { readonly value: ImagingResults[keyof ImagingResults] }
  | { readonly error: PlainError };

interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly limit?: LimitReference;
}

export function plainError({ code, message, limit }: CosalError): PlainError {
  return { code, message, ...(limit && { limit }) };
}

export function errorOf({ code, message, limit }: PlainError): CosalError {
  return new CosalError(code, message, limit && { limit });
}

export interface ThreadData {
  /** Bytes that a decoder may grow to. */
  readonly heap: number;
}
