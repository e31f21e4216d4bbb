import type { GroupResult } from "./result.ts";

/**
 * Where computed groups are kept. A store may forget at any time, but never keeps half: once
 * `result` has answered, a `mask` that turns out to be gone makes the store forget the group, so
 * that sending it again computes it anew.
 */
export interface GroupStore {
  /** The group's result, or undefined when it is not here. */
  result(group: string): Promise<GroupResult | undefined>;
  /** The mask of one image of a group as an 8-bit grey PNG, or undefined when it is not here. */
  mask(group: string, image: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Keeps one mask. Comes before the `putResult` of its group. */
  putMask(group: string, image: string, png: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Keeps a group whose masks have all been put. */
  putResult(result: GroupResult): Promise<void>;
}
