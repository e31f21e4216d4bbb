/** Milliseconds without a page after which an upload counts as abandoned. */
export const UPLOAD_TIMEOUT = 60_000;

/** The manifest that a batch's object is being sent. One upload at a time. */
export class Upload {
  #name: string | undefined;
  #seen = 0;

  get isActive(): boolean {
    return this.#name !== undefined && Date.now() - this.#seen < UPLOAD_TIMEOUT;
  }

  begin(name: string): void {
    this.#name = name;
    this.#seen = Date.now();
  }

  /** A sign of life. @returns whether this upload is the current one */
  continues(name: string): boolean {
    if (this.#name !== name || !this.isActive) return false;
    this.#seen = Date.now();
    return true;
  }

  /** @returns whether this upload was the current one */
  end(name: string): boolean {
    if (this.#name !== name) return false;
    this.#name = undefined;
    return true;
  }
}
