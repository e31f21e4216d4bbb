/** Counts changes, and wakes those who wait for the next one. */
export class Changes {
  readonly #waiting = new Set<() => void>();
  /** Of this object's life, since changes are counted from 0 in each. */
  readonly #life = crypto.randomUUID();
  #count = 0;

  /** Different after each change. */
  get version(): string {
    return `${this.#life}/${this.#count}`;
  }

  add(): void {
    this.#count++;
    for (const done of [...this.#waiting]) done();
  }

  /** Resolves at the next change, or after some milliseconds. */
  next(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#waiting.add(done);
    });
  }
}
