/** A semaphore for a number of bytes. Waiting requests are served in order. */
export class ByteSemaphore {
  #free: number;
  readonly #queue: { readonly bytes: number; readonly enter: () => void }[] = [];

  constructor(bytes: number) {
    this.#free = bytes;
  }

  /**
   * Resolves when there is room.
   *
   * @param bytes at most the size of the semaphore
   * @returns a function that releases the bytes
   */
  async acquire(bytes: number): Promise<() => void> {
    if (this.#queue.length > 0 || bytes > this.#free) {
      await new Promise<void>((enter) => this.#queue.push({ bytes, enter }));
    } else this.#free -= bytes;
    return () => {
      this.#free += bytes;
      this.#next();
    };
  }

  #next(): void {
    for (let first = this.#queue[0]; first && first.bytes <= this.#free; first = this.#queue[0]) {
      this.#free -= first.bytes;
      this.#queue.shift();
      first.enter();
    }
  }
}
