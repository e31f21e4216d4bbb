import type { Camera, Point } from "./camera.ts";

/** Handlers of pointers on a photograph. Positions are in pixels of the window. */
export interface GestureListener {
  /** @returns whether this is a stroke; otherwise, the pointer moves the photograph */
  begin(at: Point): boolean;
  stroke(from: Point, to: Point, start: Point): void;
  end(start: Point, to: Point): void;
  cancel(): void;
  hover(at: Point | undefined): void;
}

/** Maximum movement of a click in pixels. */
export const CLICK = 6;

/** Handles pointers on an element. One pointer draws or moves, two zoom and move, the wheel zooms. */
export function followGestures(
  element: HTMLElement,
  camera: Camera,
  listener: GestureListener,
): () => void {
  const pointers = new Map<number, Point>();
  let stroke: { readonly id: number; readonly start: Point } | undefined;
  const control = new AbortController();
  const { signal } = control;

  const place = ({ clientX, clientY }: MouseEvent): Point => {
    const { left, top } = element.getBoundingClientRect();
    return [clientX - left, clientY - top];
  };

  const down = (event: PointerEvent) => {
    // Ignores buttons on top of the element.
    if ((event.target as HTMLElement).closest("button")) return;
    element.setPointerCapture(event.pointerId);
    const at = place(event);
    pointers.set(event.pointerId, at);
    if (pointers.size === 2 && stroke) {
      stroke = undefined;
      listener.cancel();
    }
    if (pointers.size === 1 && event.button === 0 && listener.begin(at)) {
      stroke = { id: event.pointerId, start: at };
    }
  };

  const move = (event: PointerEvent) => {
    const at = place(event);
    listener.hover(at);
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    pointers.set(event.pointerId, at);
    if (stroke?.id === event.pointerId) {
      listener.stroke(before, at, stroke.start);
    } else if (pointers.size === 1) {
      camera.move(at[0] - before[0], at[1] - before[1]);
    } else if (pointers.size === 2) {
      pinch(event.pointerId, before, at);
    }
  };

  const pinch = (id: number, before: Point, at: Point) => {
    const other = [...pointers].find(([key]) => key !== id)?.[1] as Point;
    const distance = ([x, y]: Point) => Math.hypot(x - other[0], y - other[1]) || 1;
    camera.zoom(distance(at) / distance(before), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
    camera.move((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  };

  const up = (event: PointerEvent) => {
    pointers.delete(event.pointerId);
    if (stroke?.id !== event.pointerId) return;
    const { start } = stroke;
    stroke = undefined;
    if (event.type === "pointerup") listener.end(start, place(event));
    else listener.cancel();
  };

  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    camera.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), place(event));
  };

  element.addEventListener("pointerdown", down, { signal });
  element.addEventListener("pointermove", move, { signal });
  element.addEventListener("pointerup", up, { signal });
  element.addEventListener("pointercancel", up, { signal });
  element.addEventListener("pointerleave", () => listener.hover(undefined), { signal });
  element.addEventListener("wheel", wheel, { signal, passive: false });
  return () => control.abort();
}
