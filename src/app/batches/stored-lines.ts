import { CosalError } from "../../errors.ts";
import type { ImageStore } from "../../group/index.ts";
import type { BatchLine } from "./types.ts";

/** A line whose photograph is named by its SHA-256. */
export type StoredLine = BatchLine & { readonly sha256: string };

/** Lines that are looked up in the store together. */
const LOOKED_UP = 1000;

/** Maximum number of missing photographs that one response names. */
const MAX_MISSING = 1000;

/**
 * The same lines. Checks that all photographs that they name by SHA-256 are stored.
 *
 * @throws CosalError images_missing, at the end
 */
export async function* requireStored(
  lines: AsyncIterable<BatchLine>,
  images: Pick<ImageStore, "has">,
): AsyncGenerator<BatchLine> {
  const missing: StoredLine[] = [];
  let several: StoredLine[] = [];
  const lookUp = async () => {
    const stored = await images.has(several.map(({ sha256 }) => sha256));
    missing.push(...several.filter(({ sha256 }) => !stored.has(sha256)));
    several = [];
  };
  for await (const line of lines) {
    const { sha256 } = line;
    if (sha256 !== undefined) several.push({ ...line, sha256 });
    if (several.length === LOOKED_UP) await lookUp();
    if (missing.length >= MAX_MISSING) break;
    yield line;
  }
  await lookUp();
  if (missing.length === 0) return;
  const places = missing.slice(0, MAX_MISSING).map(({ line, id, sha256 }) => ({
    pointer: `#/${line - 1}`,
    image: id,
    sha256,
    detail: "The photograph is not stored here.",
  }));
  const count = missing.length >= MAX_MISSING ? `At least ${missing.length}` : missing.length;
  throw new CosalError(
    "images_missing",
    `${count} photographs of the manifest are not stored here, the first in line ${missing[0]?.line}: send those.`,
    { places },
  );
}
