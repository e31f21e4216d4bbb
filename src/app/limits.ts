/** Photographs in one request. A group's compact features are about 0.4 MB each: 64 are 26 MB. */
export const MAX_IMAGES = 64;

/**
 * Bytes of a request's body: the photographs' files, which stay in memory until their group is
 * done. A Worker's isolate has 128 MB; the network and the decoders take about 60 MB of it and a
 * group's features up to 26 MB.
 */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
