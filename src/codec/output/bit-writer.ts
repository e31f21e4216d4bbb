/** Packs bits from the lowest bit of each byte (RFC 1951, 3.1.1) into a growing buffer. */
export class BitWriter {
  private bytes = new Uint8Array(16 * 1024);
  private used = 0;
  private pending = 0;
  private count = 0;

  /** Appends the lowest `count` bits, at most 16. */
  write(bits: number, count: number): void {
    this.pending |= bits << this.count;
    this.count += count;
    if (this.count >= 16) {
      if (this.used + 2 > this.bytes.length) this.grow();
      this.bytes[this.used++] = this.pending;
      this.bytes[this.used++] = this.pending >>> 8;
      // What was shifted out at the top: `bits << count` keeps 32 of at most 31.
      this.pending >>>= 16;
      this.count -= 16;
    }
  }

  /** Fills the last byte with zeros. */
  align(): void {
    while (this.count > 0) {
      if (this.used === this.bytes.length) this.grow();
      this.bytes[this.used++] = this.pending;
      this.pending >>>= 8;
      this.count -= 8;
    }
    this.pending = 0;
    this.count = 0;
  }

  /** Number of complete bytes. */
  get size(): number {
    return this.used;
  }

  /** Removes and returns the complete bytes. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.used);
    this.used = 0;
    return taken;
  }

  private grow(): void {
    const larger = new Uint8Array(2 * this.bytes.length);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}
