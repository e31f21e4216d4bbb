import { CosalError } from "../../errors.ts";
import type { Stores } from "../../group/index.ts";
import type { Log } from "../telemetry/types.ts";
import type { Group } from "./plan.ts";

/**
 * Checks that all photographs named by SHA-256 are stored.
 *
 * @throws CosalError images_missing, with a place for each missing photograph
 */
export async function requireImages(group: Group, { images }: Stores): Promise<void> {
  // Photographs sent as files are in memory, or were stored when they arrived.
  const named = group.distinct.filter(
    ({ sha256, header }) => !group.files.has(sha256) && header === undefined,
  );
  if (named.length === 0) return;
  const stored = await images.has(named.map(({ sha256 }) => sha256));
  const missing = named.filter(({ sha256 }) => !stored.has(sha256));
  if (missing.length === 0) return;
  const places = missing
    .sort((a, b) => a.index - b.index)
    .map(({ id, index, sha256 }) => ({
      pointer: `#/images/${index}`,
      image: id,
      sha256,
      detail: "The photograph is not stored here.",
    }));
  throw new CosalError(
    "images_missing",
    `${missing.length} of ${group.distinct.length} photographs are not stored here. Send them.`,
    { places },
  );
}

/**
 * Stores the request's photographs that are in memory, so that later requests can name them by
 * SHA-256 and get cut-outs. Files that are not photographs (`on_error=skip`) are not stored.
 *
 * @throws what the store throws
 */
export async function storeImages({ distinct, files }: Group, { images }: Stores): Promise<void> {
  const readable = distinct.flatMap(({ sha256, header }) => (header ? [sha256] : []));
  if (readable.length === 0) return;
  const known = await images.has(readable);
  await Promise.all(
    readable.map((sha256) => {
      const bytes = files.get(sha256);
      return bytes && !known.has(sha256) ? images.put(sha256, bytes) : undefined;
    }),
  );
}

/** As `storeImages`, but errors of the store are logged: they do not prevent a synchronous response. */
export async function tryStoreImages(
  group: Group,
  { stores, log, request }: { stores: Stores; log: Log; request: string },
): Promise<void> {
  try {
    await storeImages(group, stores);
  } catch (error) {
    log({ level: "warn", event: "photographs not stored", request, error });
  }
}
