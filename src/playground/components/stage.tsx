import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { paintStroke, refined } from "../pictures/brush.ts";
import { addMark, edit } from "../state/actions.ts";
import { brush, tool } from "../state/large-view.ts";
import { logitsOf, type Mark, type Photograph } from "../state/photographs.ts";
import { split, view } from "../state/settings.ts";
import { words } from "../state/words.ts";
import type { Camera, Point } from "./camera.ts";
import { CLICK, followGestures, type GestureListener } from "./gestures.ts";
import { Icon } from "./icon.tsx";
import { Layer } from "./layer.tsx";
import { Marks } from "./marks.tsx";

/** Longer side of the mask in pixels, enough for a high-resolution screen. */
const LAYER_SIDE = 1400;

interface StageProps {
  readonly photograph: Photograph;
  readonly camera: Camera;
}

/** The large photograph, which can be marked and corrected. */
export function Stage({ photograph, camera }: StageProps) {
  const t = words.value;
  const element = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLImageElement>(null);
  const isLoaded = useSignal(false);
  const drawn = useSignal<Mark | undefined>(undefined);
  const cursor = useSignal<Point | undefined>(undefined);
  const opened = photograph.opened.value;
  const { width, height } = opened ?? { width: 1, height: 1 };
  const address = useMemo(() => opened && URL.createObjectURL(opened.file), [opened]);
  useEffect(() => () => address && URL.revokeObjectURL(address), [address]);

  useLayoutEffect(() => {
    const stage = element.current as HTMLDivElement;
    const measure = () => {
      camera.resize({ width: stage.clientWidth, height: stage.clientHeight }, { width, height });
    };
    camera.fit();
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(stage);
    return () => observer.disconnect();
  }, [photograph, width, height]);

  useEffect(() => {
    const listener = listenerFor(photograph, camera, {
      mark: (value) => {
        drawn.value = value;
      },
      cursor: (value) => {
        cursor.value = value;
      },
    });
    return followGestures(element.current as HTMLDivElement, camera, listener);
  }, [photograph]);

  const { x, y, scale } = camera.pose.value;
  const reduced = Math.min(1, LAYER_SIDE / Math.max(width, height));
  // A small photograph is enlarged, so its mask is rendered larger than the photograph.
  const enlarged = Math.max(reduced, Math.min(2, LAYER_SIDE / Math.max(width, height)));
  const isMasked = photograph.mask.value !== undefined;
  return (
    <div
      ref={element}
      class={`stage tool-${tool.value} view-${view.value} ${isMasked ? "is-masked" : ""}`}
      role="application"
      aria-label={`${photograph.name}. ${t.toolHelp[tool.value]}`}
      aria-description={t.keys}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the keys that t.keys tells of
      tabIndex={0}
    >
      <div
        class="sheet"
        style={{
          width: `${width}px`,
          height: `${height}px`,
          transform: `translate(${x}px, ${y}px) scale(${scale})`,
          "--split": `${100 * split.value}%`,
        }}
      >
        {address && (
          <img
            ref={picture}
            src={address}
            alt={photograph.name}
            draggable={false}
            onLoad={() => {
              isLoaded.value = true;
            }}
          />
        )}
        <Layer
          photograph={photograph}
          width={Math.max(1, Math.round(width * enlarged))}
          height={Math.max(1, Math.round(height * enlarged))}
          picture={() => (isLoaded.peek() ? (picture.current ?? undefined) : undefined)}
          version={`${photograph.id} ${isLoaded.value}`}
        />
      </div>
      <Marks photograph={photograph} pose={camera.pose.value} drawn={drawn.value} />
      {cursor.value && (tool.value === "draw" || tool.value === "erase") && (
        <BrushRing at={cursor.value} diameter={brush.value * Math.max(width, height) * scale} />
      )}
      <span class="crosshair">
        <Icon name="mark" />
      </span>
    </div>
  );
}

function BrushRing({ at: [x, y], diameter }: { readonly at: Point; readonly diameter: number }) {
  const size = `${diameter}px`;
  return (
    <span class="brush-ring" style={{ left: `${x}px`, top: `${y}px`, width: size, height: size }} />
  );
}

/** Handlers of pointers for the chosen tool. */
function listenerFor(
  photograph: Photograph,
  camera: Camera,
  show: {
    mark(value: Mark | undefined): void;
    cursor(value: Point | undefined): void;
  },
): GestureListener {
  const size = () => photograph.opened.peek() ?? { width: 1, height: 1 };
  /** The mask during a stroke. */
  let painted: ReturnType<typeof refined> | undefined;

  const share = (at: Point): Point => {
    const [x, y] = camera.toPhotograph(at);
    return [x / size().width, y / size().height];
  };
  const paint = (from: Point, to: Point) => {
    if (painted === undefined) return;
    const adds = tool.peek() === "draw";
    const stroke = { from: share(from), to: share(to), diameter: brush.peek(), adds };
    // A new object, so that the signal changes. The numbers are shared.
    paintStroke(painted, stroke);
    painted = { ...painted };
    photograph.edits.value = [...photograph.edits.peek().slice(0, -1), painted];
  };

  return {
    begin(at) {
      const chosen = tool.peek();
      if (chosen === "move") return false;
      if (isMarking()) return true;
      const logits = logitsOf(photograph);
      if (logits === undefined) return false;
      painted = refined(logits, size());
      edit(photograph, painted);
      paint(at, at);
      return true;
    },
    stroke(from, to, start) {
      if (!isMarking()) paint(from, to);
      else show.mark(markOf(camera.toPhotograph(start), camera.toPhotograph(to)));
    },
    end(start, to) {
      painted = undefined;
      show.mark(undefined);
      if (!isMarking()) return;
      const isClick = Math.hypot(to[0] - start[0], to[1] - start[1]) <= CLICK;
      markBetween(
        photograph,
        camera.toPhotograph(start),
        isClick ? undefined : camera.toPhotograph(to),
      );
    },
    cancel() {
      if (painted) photograph.edits.value = photograph.edits.peek().slice(0, -1);
      painted = undefined;
      show.mark(undefined);
    },
    hover: show.cursor,
  };
}

const isMarking = () => tool.peek() === "mark" || tool.peek() === "exclude";

/** The mark of the chosen tool: a point, or the box between two points. */
function markOf([x0, y0]: Point, to?: Point): Mark {
  const negative = tool.peek() === "exclude";
  if (to === undefined) return { negative, point: [x0, y0] };
  const [x1, y1] = to;
  const box = [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)] as const;
  return { negative, box };
}

/** Adds a mark: a point, or the box between two points, clipped to the photograph. */
export function markBetween(photograph: Photograph, from: Point, to?: Point): void {
  const { width, height } = photograph.opened.peek() ?? { width: 0, height: 0 };
  const inside = ([x, y]: Point): Point => [
    Math.min(Math.max(x, 0), width),
    Math.min(Math.max(y, 0), height),
  ];
  if (to === undefined) {
    const [x, y] = from;
    if (x >= 0 && y >= 0 && x < width && y < height) addMark(photograph, markOf(from));
    return;
  }
  const mark = markOf(inside(from), inside(to));
  if ("box" in mark && mark.box[2] > 0 && mark.box[3] > 0) addMark(photograph, mark);
}
