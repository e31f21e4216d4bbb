import type { MaskRecord, Pixels } from "../../codec/index.ts";
import type { Variant } from "./variants.ts";

/** A photograph with what was found in it: the object on transparent ground, or tinted. */
export async function picture(
  _photograph: Pixels,
  _record: MaskRecord,
  { kind, suffix }: Variant,
): Promise<Uint8Array<ArrayBuffer>> {
  throw new Error(`no renderer of ${kind} as ${suffix}`);
}
