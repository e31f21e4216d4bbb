import { type Signal, signal } from "@preact/signals";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Point = readonly [x: number, y: number];

/** Position of a photograph in the window: its upper left corner, and CSS pixels per pixel of the photograph. */
export interface Pose {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

const MAX_SCALE = 16;
/** Margin around a photograph that fits the window, in pixels. */
const MARGIN = 16;

/** Zoom and position of one photograph in a window. */
export class Camera {
  readonly pose: Signal<Pose> = signal({ x: 0, y: 0, scale: 1 });
  #window: Size = { width: 1, height: 1 };
  #photograph: Size = { width: 1, height: 1 };
  #isFitted = true;

  /** Called when the size of window or photograph changes. A photograph that fitted the window fits it again. */
  resize(window: Size, photograph: Size): void {
    this.#window = window;
    this.#photograph = photograph;
    if (this.#isFitted) this.fit();
    else this.#set(this.pose.peek());
  }

  fit(): void {
    this.#isFitted = true;
    const scale = this.#fittingScale();
    this.pose.value = this.#centred(scale);
  }

  /** @param at the point that does not move, in pixels of the window; by default its centre */
  zoom(factor: number, at: Point = this.middle()): void {
    const { x, y, scale } = this.pose.peek();
    const least = this.#fittingScale();
    const next = Math.min(Math.max(scale * factor, least), Math.max(MAX_SCALE, least));
    this.#isFitted = next === least;
    const ratio = next / scale;
    this.#set({ x: at[0] - (at[0] - x) * ratio, y: at[1] - (at[1] - y) * ratio, scale: next });
  }

  move(across: number, down: number): void {
    const { x, y, scale } = this.pose.peek();
    this.#set({ x: x + across, y: y + down, scale });
  }

  middle(): Point {
    return [this.#window.width / 2, this.#window.height / 2];
  }

  /** Converts a position in the window to one in the photograph. */
  toPhotograph([px, py]: Point): Point {
    const { x, y, scale } = this.pose.peek();
    return [(px - x) / scale, (py - y) / scale];
  }

  #fittingScale(): number {
    const { width, height } = this.#photograph;
    const across = Math.max(1, this.#window.width - 2 * MARGIN) / width;
    const down = Math.max(1, this.#window.height - 2 * MARGIN) / height;
    return Math.min(across, down);
  }

  #centred(scale: number): Pose {
    const x = (this.#window.width - this.#photograph.width * scale) / 2;
    const y = (this.#window.height - this.#photograph.height * scale) / 2;
    return { x, y, scale };
  }

  /** Keeps the photograph in view. It is centred along an axis that fits, and covers the window along others. */
  #set(pose: Pose): void {
    const { scale } = pose;
    const centred = this.#centred(scale);
    const inside = (value: number, length: number, window: number, middle: number) =>
      length <= window ? middle : Math.min(Math.max(value, window - length), 0);
    const { width, height } = this.#photograph;
    this.pose.value = {
      x: inside(pose.x, width * scale, this.#window.width, centred.x),
      y: inside(pose.y, height * scale, this.#window.height, centred.y),
      scale,
    };
  }
}
