/** A code of each symbol: its bits, ready to be written from the lowest up, and their number. */
export interface HuffmanCode {
  readonly bits: Uint16Array;
  /** 0: the symbol does not occur. */
  readonly lengths: Uint8Array;
}

/**
 * The canonical Huffman code (RFC 1951, 3.2.2) of symbols that occur `counts` times, with no code
 * longer than `longest` bits.
 */
export function huffmanCode(counts: Uint32Array, longest: number): HuffmanCode {
  let lengths = codeLengths(counts);
  for (let flat = counts; Math.max(...lengths) > longest; ) {
    // Counts that differ less give a flatter tree: near the best, and it always ends.
    flat = flat.map((count) => (count > 0 ? (count + 1) >>> 1 : 0));
    lengths = codeLengths(flat);
  }
  return { lengths, bits: canonical(lengths) };
}

/** Depths of Huffman's tree. Deflate wants a bit even for a symbol that stands alone. */
function codeLengths(counts: Uint32Array): Uint8Array {
  const lengths = new Uint8Array(counts.length);
  const leaves: number[] = [];
  for (let symbol = 0; symbol < counts.length; symbol++) if (counts[symbol]) leaves.push(symbol);
  if (leaves.length < 2) {
    if (leaves.length === 1) lengths[leaves[0] as number] = 1;
    return lengths;
  }
  leaves.sort((a, b) => (counts[a] as number) - (counts[b] as number));
  // Two queues, each in order: leaves, and the inner nodes in the order they are made.
  const nodes = 2 * leaves.length - 1;
  const weight = new Float64Array(nodes);
  const parent = new Uint16Array(nodes);
  for (let i = 0; i < leaves.length; i++) weight[i] = counts[leaves[i] as number] as number;
  let leaf = 0;
  let inner = leaves.length;
  for (let node = leaves.length; node < nodes; node++) {
    for (let child = 0; child < 2; child++) {
      const takesLeaf =
        leaf < leaves.length &&
        (inner >= node || (weight[leaf] as number) <= (weight[inner] as number));
      const next = takesLeaf ? leaf++ : inner++;
      weight[node]! += weight[next] as number;
      parent[next] = node;
    }
  }
  const depth = new Uint16Array(nodes);
  for (let node = nodes - 2; node >= 0; node--) {
    depth[node] = (depth[parent[node] as number] as number) + 1;
    if (node < leaves.length)
      lengths[leaves[node] as number] = Math.min(255, depth[node] as number);
  }
  return lengths;
}

function canonical(lengths: Uint8Array): Uint16Array {
  const perLength = new Uint16Array(17);
  for (const length of lengths) if (length) perLength[length]!++;
  const next = new Uint16Array(17);
  for (let length = 1, code = 0; length <= 16; length++) {
    code = (code + (perLength[length - 1] as number)) << 1;
    next[length] = code;
  }
  const bits = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) {
    if (length) bits[symbol] = reversed(next[length]!++, length);
  }
  return bits;
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result |= ((code >>> i) & 1) << (length - 1 - i);
  return result;
}
