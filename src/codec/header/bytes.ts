import { CosalError } from "../../errors.ts";

/** A view of `bytes` for reading numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Four bytes as text, e.g. a RIFF or ISO box type. */
export function fourCC(view: DataView, offset: number): string {
  let text = "";
  for (let i = 0; i < 4; i++) text += String.fromCharCode(view.getUint8(offset + i));
  return text;
}

export function truncated(type: string): CosalError {
  return new CosalError("image_undecodable", `The ${type} file ends before its image does.`);
}

export function broken(type: string, what: string): CosalError {
  return new CosalError("image_undecodable", `The ${type} file is broken: ${what}.`);
}
