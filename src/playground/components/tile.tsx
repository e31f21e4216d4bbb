import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { removePhotograph } from "../state/actions.ts";
import { lacksObject } from "../state/group.ts";
import { openId } from "../state/large-view.ts";
import type { Photograph } from "../state/photographs.ts";
import { view } from "../state/settings.ts";
import { explained, words } from "../state/words.ts";
import { Icon } from "./icon.tsx";
import { Layer } from "./layer.tsx";

export interface TileProps {
  readonly photograph: Photograph;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly place: number;
  readonly total: number;
  readonly isFocusable: boolean;
  readonly onFocus: () => void;
}

function box({ left, top, width, height }: TileProps) {
  return { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
}

/** A photograph in the grid. */
export function Tile(props: TileProps) {
  const { photograph, width, height, place, total, isFocusable, onFocus } = props;
  const t = words.value;
  const picture = useRef<HTMLImageElement>(null);
  const isLoaded = useSignal(false);
  const thumbnail = photograph.thumbnail.value;
  const problem = photograph.problem.value;
  const scale = Math.min(devicePixelRatio, 2);
  const isMasked = photograph.mask.value !== undefined;
  return (
    <li
      class={`tile view-${view.value} ${isMasked ? "is-masked" : ""} ${problem ? "has-problem" : ""}`}
      style={box(props)}
      aria-setsize={total}
      aria-posinset={place + 1}
    >
      <button
        type="button"
        class="open"
        data-place={place}
        tabIndex={isFocusable ? 0 : -1}
        aria-label={problem ? undefined : t.open(photograph.name)}
        aria-describedby={`state-${photograph.id}`}
        disabled={problem !== undefined && isMasked}
        onFocus={onFocus}
        onClick={() => {
          if (!problem) openId.value = photograph.id;
        }}
        onPointerMove={(event) => {
          const share = event.offsetX / width;
          event.currentTarget.style.setProperty("--split", `${(100 * share).toFixed(1)}%`);
        }}
      >
        {thumbnail && (
          <img
            ref={picture}
            src={thumbnail}
            alt=""
            draggable={false}
            onLoad={() => {
              isLoaded.value = true;
            }}
          />
        )}
        {thumbnail && !problem && (
          <Layer
            photograph={photograph}
            width={Math.round(width * scale)}
            height={Math.round(height * scale)}
            picture={() => (isLoaded.peek() ? (picture.current ?? undefined) : undefined)}
            version={isLoaded.value}
          />
        )}
        {problem && (
          <span class="problem">
            <Icon name="warning" />
            <strong>{photograph.name}</strong>
            <span>{explained(problem)}</span>
          </span>
        )}
      </button>
      <State photograph={photograph} />
      <button
        type="button"
        class="remove"
        tabIndex={-1}
        aria-label={t.remove(photograph.name)}
        title={t.remove(photograph.name)}
        onClick={() => removePhotograph(photograph)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}

/** The text on a photograph's tile. */
function State({ photograph }: { readonly photograph: Photograph }) {
  const t = words.value;
  const states = [
    lacksObject(photograph) && t.lacksObject,
    photograph.edits.value.length > 0 && t.mended,
    photograph.marks.value.length > 0 && t.markedHere,
  ].filter((state) => state !== false);
  return (
    <span class="states" id={`state-${photograph.id}`}>
      {states.map((state) => (
        <span key={state} class={state === t.lacksObject ? "state is-missing" : "state"}>
          {state}
        </span>
      ))}
    </span>
  );
}
