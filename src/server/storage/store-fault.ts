import type { CosalError } from "../../errors.ts";
import { storeFull, storeUnavailable } from "../../group/index.ts";

/**
 * What can go wrong with what is stored. None of these costs an answer that can be had without the
 * store, so each is counted (`cosal_store_faults_total`) and logged: nobody would notice otherwise.
 */
export type FaultKind =
  /** A file cannot be read, written or removed. */
  | "read"
  | "write"
  | "delete"
  /** A file is not what was written. It counts as absent. */
  | "damaged"
  /** A journal ends in the middle of a line. It is cut off before it. */
  | "torn"
  /** A file that an earlier process has not finished. It is removed. */
  | "unfinished";

export type OnFault = (kind: FaultKind, error?: unknown) => void;

const NO_ROOM = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** What the file system's error means to who has to keep something. */
export function storeError(error: unknown): CosalError {
  const { code = "" } = error as NodeJS.ErrnoException;
  return NO_ROOM.has(code) ? storeFull(error) : storeUnavailable(error);
}
