import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { paintCutout, paintHeat, paintMask, paintOverlay } from "../pictures/paint.ts";
import { paintNever, paintSoon } from "../pictures/paint-queue.ts";
import { maskOf, trackMask } from "../state/mask.ts";
import type { Photograph } from "../state/photographs.ts";
import { type View, view } from "../state/settings.ts";

interface LayerProps {
  readonly photograph: Photograph;
  /** Size of the layer in pixels. */
  readonly width: number;
  readonly height: number;
  /** The photograph below the layer, when it is loaded. */
  readonly picture: () => CanvasImageSource | undefined;
  /** Changes when `picture` does. */
  readonly version: unknown;
}

/** The layer of the chosen view, on top of a photograph. */
export function Layer({ photograph, width, height, picture, version }: LayerProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const paint = () => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const { width: across, height: down } = context.canvas;
    context.clearRect(0, 0, across, down);
    paintView(context, view.peek(), photograph, picture());
  };
  useSignalEffect(() => {
    // Painting happens later, so the signals that it depends on are read here.
    view.value;
    trackMask(photograph);
    photograph.likeness.value;
    if (canvas.current) paintSoon(canvas.current, paint);
  });
  useEffect(() => {
    const element = canvas.current as HTMLCanvasElement;
    paintSoon(element, paint);
    return () => paintNever(element);
  }, [width, height, version]);
  return <canvas ref={canvas} class="layer" width={width} height={height} />;
}

function paintView(
  context: CanvasRenderingContext2D,
  chosen: View,
  photograph: Photograph,
  picture: CanvasImageSource | undefined,
): void {
  if (chosen === "why") {
    const likeness = photograph.likeness.peek();
    if (likeness) paintHeat(context, likeness);
    return;
  }
  const mask = maskOf(photograph);
  if (mask === undefined) return;
  if (chosen === "overlay") paintOverlay(context, mask.logits);
  else if (chosen === "mask") paintMask(context, mask.logits);
  else if (picture) paintCutout(context, mask.logits, picture);
}
