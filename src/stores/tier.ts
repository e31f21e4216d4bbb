export type Bytes = Uint8Array<ArrayBuffer>;

/** A value and the time when it expires, in milliseconds since 1970. */
export interface Stored {
  readonly bytes: Bytes;
  readonly expires: number;
}

/** One place where values are kept. It may lose a value, but it never returns a part of one. */
export interface Tier {
  readonly name: string;
  get(key: string): Promise<Stored | undefined>;
  /** The value as a stream, so that it is not held in memory. */
  stream?(key: string): Promise<ReadableStream<Uint8Array> | undefined>;
  has(key: string): Promise<boolean>;
  put(key: string, value: Stored): Promise<void>;
  /**
   * Deletes all values under a prefix that ends with "/". A tier that cannot list its keys deletes
   * `keys` only.
   */
  forget(prefix: string, keys: readonly string[]): Promise<void>;
}
