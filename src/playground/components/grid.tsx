import { useComputed, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { removePhotograph } from "../state/actions.ts";
import { shown } from "../state/group.ts";
import type { Photograph } from "../state/photographs.ts";
import { words } from "../state/words.ts";
import { inRows, type Rows } from "./rows.ts";
import { Tile } from "./tile.tsx";

/** Used until a photograph's size is known. */
const USUAL_ASPECT = 4 / 3;
/** Photographs that are wider or narrower are shown cropped. */
const [NARROWEST, WIDEST] = [0.56, 2.2];
const GAP = 10;
/** Tiles are also rendered this many pixels above and below the window. */
const MARGIN = 600;

function aspectOf({ opened }: Photograph): number {
  const size = opened.value;
  const aspect = size ? size.width / size.height : USUAL_ASPECT;
  return Math.min(Math.max(aspect, NARROWEST), WIDEST);
}

/** Row heights in pixels. The largest one at which all photographs fit the window is used. */
function rowHeightsFor(width: number): readonly number[] {
  const least = width < 520 ? 132 : width < 900 ? 176 : 216;
  return [1.6, 1.45, 1.3, 1.15, 1].map((factor) => factor * least);
}

/** Height of the page's bars in pixels. */
const BARS = 220;

/** All photographs; only those in or near the window are in the document. */
export function Grid() {
  const list = useRef<HTMLUListElement>(null);
  const width = useSignal(0);
  const visible = useSignal({ from: 0, to: 0 });
  const focused = useSignal(0);
  const room = useSignal(0);
  const rows = useComputed(() => {
    const layouts = rowHeightsFor(width.value).map((height) =>
      inRows(shown.value, aspectOf, { width: width.value, height, gap: GAP }),
    );
    return (
      layouts.find(({ height }) => height <= room.value) ?? (layouts.at(-1) as Rows<Photograph>)
    );
  });

  useLayoutEffect(() => {
    const element = list.current as HTMLUListElement;
    const measure = () => {
      const { top, width: across } = element.getBoundingClientRect();
      width.value = Math.floor(across);
      room.value = innerHeight - BARS;
      const from = -top - MARGIN;
      const to = innerHeight - top + MARGIN;
      // Rounded, so that not every scrolled pixel renders the grid.
      const step = (value: number) => Math.round(value / 200) * 200;
      const last = visible.peek();
      if (step(from) !== last.from || step(to) !== last.to) {
        visible.value = { from: step(from), to: step(to) };
      }
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    addEventListener("scroll", measure, { passive: true });
    addEventListener("resize", measure);
    return () => {
      observer.disconnect();
      removeEventListener("scroll", measure);
      removeEventListener("resize", measure);
    };
  }, []);

  const { items, height } = rows.value;
  const last = Math.max(0, items.length - 1);
  if (focused.value > last) focused.value = last;

  const moveTo = (place: number) => {
    focused.value = Math.min(Math.max(place, 0), last);
    const target = items[focused.value];
    const element = list.current as HTMLUListElement;
    if (!target) return;
    const top = element.getBoundingClientRect().top + target.top;
    if (top < 120 || top + target.height > innerHeight) scrollBy({ top: top - innerHeight / 3 });
    requestAnimationFrame(() => focusTile(element, focused.value));
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const here = focused.value;
    const moves: Record<string, () => number> = {
      ArrowLeft: () => here - 1,
      ArrowRight: () => here + 1,
      ArrowUp: () => nearest(items, here, -1),
      ArrowDown: () => nearest(items, here, 1),
      Home: () => 0,
      End: () => last,
    };
    const move = moves[event.key];
    if (move) {
      event.preventDefault();
      moveTo(move());
    } else if (event.key === "Delete" || event.key === "Backspace") {
      const item = items[here]?.item;
      if (item) removePhotograph(item);
      requestAnimationFrame(() => moveTo(here));
    }
  };

  const { from, to } = visible.value;
  return (
    <ul
      ref={list}
      class="grid"
      style={{ height: `${height}px` }}
      aria-label={words.value.photographs}
      onKeyDown={onKeyDown}
    >
      {items.map((placed, place) => {
        const isNear = placed.top + placed.height > from && placed.top < to;
        if (!isNear && place !== focused.value) return null;
        return (
          <Tile
            key={placed.item.id}
            {...placed}
            photograph={placed.item}
            place={place}
            total={items.length}
            isFocusable={place === focused.value}
            onFocus={() => {
              focused.value = place;
            }}
          />
        );
      })}
    </ul>
  );
}

function focusTile(list: HTMLElement, place: number): void {
  list.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus({ preventScroll: true });
}

/** The photograph above or below: in that row, the one whose centre is nearest. */
function nearest(
  items: readonly { left: number; top: number; width: number }[],
  here: number,
  direction: 1 | -1,
): number {
  const from = items[here];
  if (!from) return here;
  const middle = from.left + from.width / 2;
  const ahead = items.filter(({ top }) => direction * (top - from.top) > 0);
  const row = direction > 0 ? ahead[0]?.top : ahead.at(-1)?.top;
  let best = here;
  let distance = Number.POSITIVE_INFINITY;
  for (const [place, { left, top, width }] of items.entries()) {
    const apart = Math.abs(left + width / 2 - middle);
    if (top === row && apart < distance) [best, distance] = [place, apart];
  }
  return best;
}
