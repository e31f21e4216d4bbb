import type { RenderTask } from "../../app/representation/renderer.ts";
import type { InputFormat, Pixels } from "../../codec/index.ts";
import { CosalError, type ErrorCode, type LimitReference } from "../../errors.ts";

/** Tasks of a thread, and their results. */
export type ImagingTask =
  | { readonly type: "decode"; readonly file: Uint8Array }
  | { readonly type: "sample"; readonly file: Uint8Array; readonly format: InputFormat }
  | { readonly type: "render"; readonly task: RenderTask };

export interface ImagingResults {
  readonly decode: Pixels;
  readonly sample: Float32Array;
  readonly render: Uint8Array<ArrayBuffer>;
}

/** Errors as plain values, since classes are lost between threads. */
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
  /** Maximum bytes of a decoder's heap. */
  readonly heap: number;
}
