/** Maximum milliseconds of painting per frame, so that the page stays responsive. */
const BUDGET = 10;

const waiting = new Map<object, () => void>();
let isScheduled = false;

/** Paints when there is time. A new request for the same target replaces the pending one. */
export function paintSoon(key: object, paint: () => void): void {
  waiting.set(key, paint);
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(work);
}

export function paintNever(key: object): void {
  waiting.delete(key);
}

function work(): void {
  const end = performance.now() + BUDGET;
  for (const [key, paint] of waiting) {
    waiting.delete(key);
    paint();
    if (performance.now() > end) break;
  }
  isScheduled = waiting.size > 0;
  if (isScheduled) requestAnimationFrame(work);
}
