export type Bytes = Uint8Array<ArrayBuffer>;

/** A value and the time (milliseconds since 1970) from which on it counts as gone. */
export interface Stored {
  readonly bytes: Bytes;
  readonly expires: number;
}

/** One place where values are kept. It may forget; it never answers with part of a value. */
export interface Tier {
  readonly name: string;
  get(key: string): Promise<Stored | undefined>;
  /** The value as it arrives, where it need not be held. */
  stream?(key: string): Promise<ReadableStream<Uint8Array> | undefined>;
  has(key: string): Promise<boolean>;
  put(key: string, value: Stored): Promise<void>;
  /**
   * Forgets everything under a prefix that ends with "/". A tier that cannot list its keys forgets
   * those that are named.
   */
  forget(prefix: string, keys: readonly string[]): Promise<void>;
}
