/** Packs bits from the lowest bit of each byte (RFC 1951, 3.1.1) into a growing buffer. */
export class BitWriter {
  private bytes = new Uint8Array(64 * 1024);
  private used = 0;
  /** Fewer than 8 bits. */
  private pending = 0;
  private count = 0;

  /** Appends the lowest `count` bits, at most 24. */
  write(bits: number, count: number): void {
    this.reserve(3);
    this.pending |= bits << this.count;
    this.count += count;
    while (this.count >= 8) {
      this.bytes[this.used++] = this.pending;
      this.pending >>>= 8;
      this.count -= 8;
    }
  }

  /**
   * Appends the code of each symbol.
   *
   * @param codes of every symbol: its bits, at most 24, from bit 5 on, and their number in the lowest 5
   */
  writeAll(symbols: Uint16Array, codes: Uint32Array): void {
    this.reserve(4 * symbols.length + 3);
    const { bytes } = this;
    let { used, pending, count } = this;
    for (let i = 0; i < symbols.length; i++) {
      const code = codes[symbols[i] as number] as number;
      pending |= (code >>> 5) << count;
      count += code & 31;
      // Without asking how many are complete: a processor would often guess wrong.
      bytes[used] = pending;
      bytes[used + 1] = pending >>> 8;
      bytes[used + 2] = pending >>> 16;
      const complete = count & 24;
      used += complete >> 3;
      pending >>>= complete;
      count &= 7;
    }
    this.used = used;
    this.pending = pending;
    this.count = count;
  }

  /** Fills the last byte with zeros. */
  align(): void {
    if (this.count > 0) this.write(0, 8 - this.count);
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

  /** Makes room for so many bytes. */
  private reserve(bytes: number): void {
    const wanted = this.used + bytes;
    if (wanted <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(wanted, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }
}

/** A code as `writeAll` takes it. */
export function packedCode(bits: number, count: number): number {
  return ((bits << 5) | count) >>> 0;
}
