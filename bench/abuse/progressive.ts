/** Of a coefficient, as far as a file may send them one by one (T.81, table B.3). */
const BITS = 14;

/**
 * A grey progressive JPEG (ITU-T T.81, annex G) whose pixels are all equal, with as many scans over
 * all of its coefficients as asked for: a few bytes a scan, and a walk over the whole picture.
 */
export function progressiveJpeg(
  width: number,
  height: number,
  scans: number,
): Uint8Array<ArrayBuffer> {
  const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
  const parts = [
    Uint8Array.of(0xff, 0xd8),
    segment(0xdb, [0, ...Array<number>(64).fill(1)]),
    segment(0xc2, [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]),
    // DC: one symbol, "no difference", of one bit. AC: one symbol, a run of blocks with nothing.
    segment(0xc4, [0x00, 1, ...Array<number>(15).fill(0), 0x00]),
    segment(0xc4, [0x10, 1, ...Array<number>(15).fill(0), 0xe0]),
    segment(0xda, [1, 1, 0x00, 0, 0, 0]),
    new Uint8Array(Math.ceil(blocks / 8)),
  ];
  const nothing = emptyBlocks(blocks);
  // A band of coefficients is sent from its highest bit down to its lowest.
  const bands = Math.ceil((scans - 1) / BITS);
  for (let band = 0; band < bands; band++) {
    const [from, to] = [band, band + 1].map((edge) => 1 + Math.round((edge * 63) / bands));
    for (let bit = BITS - 1; bit >= 0; bit--) {
      const precision = (bit === BITS - 1 ? 0 : (bit + 1) << 4) | bit;
      parts.push(
        segment(0xda, [1, 1, 0x00, from as number, (to as number) - 1, precision]),
        nothing,
      );
    }
  }
  parts.push(Uint8Array.of(0xff, 0xd9));
  return Uint8Array.from(Buffer.concat(parts));
}

function segment(marker: number, content: readonly number[]): Uint8Array {
  const length = content.length + 2;
  return Uint8Array.of(0xff, marker, length >> 8, length & 255, ...content);
}

/** Runs of 16384 to 32767 blocks: the symbol's bit 0, then 14 bits of what exceeds 16384. */
function emptyBlocks(blocks: number): Uint8Array {
  const bits: number[] = [];
  for (let left = blocks; left > 0; ) {
    const run = Math.max(16_384, Math.min(left, 32_767));
    bits.push(0);
    for (let bit = 13; bit >= 0; bit--) bits.push(((run - 16_384) >> bit) & 1);
    left -= run;
  }
  while (bits.length % 8 !== 0) bits.push(1);
  const bytes: number[] = [];
  for (let i = 0; i < bits.length; i += 8) {
    const byte = bits.slice(i, i + 8).reduce((value, bit) => 2 * value + bit, 0);
    bytes.push(byte);
    if (byte === 0xff) bytes.push(0);
  }
  return Uint8Array.from(bytes);
}
