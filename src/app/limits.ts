/**
 * Bytes of a request's body: the photographs' files, which stay in memory until their group is
 * done. Of an isolate's 128 MB the network takes about 50, and a 12-megapixel JPEG while it is
 * being decoded 51 (`codec/limits.ts`); that leaves about 25 MiB.
 */
export const MAX_BODY_BYTES = 24 * 1024 * 1024;
