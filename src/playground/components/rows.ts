export interface Placed<Item> {
  readonly item: Item;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Rows<Item> {
  readonly items: readonly Placed<Item>[];
  readonly height: number;
}

/**
 * Arranges pictures in rows of similar heights. Every row has the full width, and pictures are not cropped.
 *
 * @param aspectOf width divided by height of an item
 */
export function inRows<Item>(
  items: readonly Item[],
  aspectOf: (item: Item) => number,
  { width, height, gap }: { width: number; height: number; gap: number },
): Rows<Item> {
  const placed: Placed<Item>[] = [];
  let top = 0;
  for (let start = 0; start < items.length; ) {
    let end = start;
    let aspects = 0;
    while (
      end < items.length &&
      (end === start || aspects * height + (end - start) * gap < width)
    ) {
      aspects += aspectOf(items[end++] as Item);
    }
    const full = (width - (end - start - 1) * gap) / aspects;
    // The last row is not stretched to the full width.
    const exact = end === items.length ? Math.min(full, height) : full;
    const rowHeight = Math.floor(exact);
    let left = 0;
    for (const item of items.slice(start, end)) {
      // Rounded down, so that a row is never too wide.
      const across = Math.min(Math.floor(aspectOf(item) * exact), width);
      placed.push({ item, left, top, width: across, height: rowHeight });
      left += across + gap;
    }
    top += rowHeight + gap;
    start = end;
  }
  return { items: placed, height: Math.max(0, top - gap) };
}
