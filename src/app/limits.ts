/**
 * Bytes of a request's body: the photographs' files, which stay in memory until their group is
 * done. A Worker's isolate has 128 MB; the network and the decoders take about 60 MB of it.
 */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
