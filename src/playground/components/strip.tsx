import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { shown } from "../state/group.ts";
import { openId } from "../state/large-view.ts";
import { isReadable, type Photograph } from "../state/photographs.ts";
import { view } from "../state/settings.ts";
import { words } from "../state/words.ts";
import { Layer } from "./layer.tsx";

/** Photographs that are shown on each side of the open one. */
const AROUND = 12;
const [WIDTH, HEIGHT] = [76, 57];

/** The group's other photographs, below the open one. Marks in that one change their masks too. */
export function Strip() {
  const list = useRef<HTMLDivElement>(null);
  const all = shown.value.filter(isReadable);
  const here = all.findIndex(({ id }) => id === openId.value);
  const from = Math.max(0, Math.min(here - AROUND, all.length - 2 * AROUND - 1));
  useEffect(() => {
    list.current
      ?.querySelector("[aria-current]")
      ?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [here]);
  return (
    <div ref={list} class="strip">
      {all.slice(from, from + 2 * AROUND + 1).map((photograph) => (
        <Small key={photograph.id} photograph={photograph} />
      ))}
    </div>
  );
}

function Small({ photograph }: { readonly photograph: Photograph }) {
  const picture = useRef<HTMLImageElement>(null);
  const isLoaded = useSignal(false);
  const size = photograph.opened.value ?? { width: 4, height: 3 };
  // The layer needs the thumbnail's proportions, since both are cropped.
  const scale = 2 * Math.max(WIDTH / size.width, HEIGHT / size.height);
  const isMasked = photograph.mask.value !== undefined;
  return (
    <button
      type="button"
      class={`view-${view.value} ${isMasked ? "is-masked" : ""}`}
      aria-label={words.value.open(photograph.name)}
      aria-current={photograph.id === openId.value ? "true" : undefined}
      onClick={() => {
        openId.value = photograph.id;
      }}
    >
      <img
        ref={picture}
        src={photograph.thumbnail.value}
        alt=""
        onLoad={() => {
          isLoaded.value = true;
        }}
      />
      <Layer
        photograph={photograph}
        width={Math.max(1, Math.round(size.width * scale))}
        height={Math.max(1, Math.round(size.height * scale))}
        picture={() => (isLoaded.peek() ? (picture.current ?? undefined) : undefined)}
        version={isLoaded.value}
      />
    </button>
  );
}
