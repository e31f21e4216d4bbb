import type { CosalError } from "../../errors.ts";
import { storeFull, storeUnavailable } from "../../group/index.ts";

/**
 * Kinds of store faults. Requests that can be answered without the store are still answered, so faults
 * are counted (`cosal_store_faults_total`) and logged: nobody would notice them otherwise.
 */
export type FaultKind =
  /** A file cannot be read, written or removed. */
  | "read"
  | "write"
  | "delete"
  /** A file's content is not what was written. The file counts as absent. */
  | "damaged"
  /** A journal ends with an incomplete line, which is cut off. */
  | "torn"
  /** An earlier process has left an incomplete file, which is removed. */
  | "unfinished";

export type OnFault = (kind: FaultKind, error?: unknown) => void;

const NO_ROOM = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The error code for an error of the file system. */
export function storeError(error: unknown): CosalError {
  const { code = "" } = error as NodeJS.ErrnoException;
  return NO_ROOM.has(code) ? storeFull(error) : storeUnavailable(error);
}
