import { useEffect, useMemo, useRef } from "preact/hooks";
import { removePhotograph, undo } from "../state/actions.ts";
import { shown } from "../state/group.ts";
import { openId, openPhotograph } from "../state/large-view.ts";
import { isReadable, type Photograph } from "../state/photographs.ts";
import { split, view } from "../state/settings.ts";
import { percent, words } from "../state/words.ts";
import { Camera } from "./camera.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Messages } from "./messages.tsx";
import { markBetween, Stage } from "./stage.tsx";
import { Status } from "./status.tsx";
import { Strip } from "./strip.tsx";
import { ViewChooser } from "./toolbar.tsx";
import { Tools } from "./tools.tsx";

/** Pixels that a key moves the photograph, and factor by which it zooms. */
const STEP = 60;
const ZOOM = 1.4;

/** The large view: one photograph, and below it the others. */
export function Viewer() {
  const photograph = openPhotograph.value;
  return photograph && isReadable(photograph) ? <OpenViewer photograph={photograph} /> : null;
}

function step(by: 1 | -1): void {
  const all = shown.value.filter(isReadable);
  const here = all.findIndex(({ id }) => id === openId.value);
  const next = all[(here + by + all.length) % all.length];
  if (next) openId.value = next.id;
}

function close(): void {
  openId.value = undefined;
}

function OpenViewer({ photograph }: { readonly photograph: Photograph }) {
  const t = words.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const camera = useMemo(() => new Camera(), []);

  useEffect(() => {
    const element = dialog.current as HTMLDialogElement;
    const before = document.activeElement as HTMLElement | null;
    element.showModal();
    element.querySelector<HTMLElement>(".stage")?.focus();
    return () => {
      element.close();
      // Focus returns to the tile of the photograph that was shown last.
      const id = openId.peek() ?? undefined;
      if (id === undefined) before?.focus({ preventScroll: true });
    };
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (target.matches("input, select") || event.altKey) return;
    const action = actionFor(event, photograph, camera, target.matches(".stage"));
    if (action === undefined) return;
    event.preventDefault();
    action();
  };

  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-label={photograph.name}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div class="viewer-bar">
        <h2 class="viewer-title">
          {photograph.name}
          <Facts photograph={photograph} />
        </h2>
        <ViewChooser />
        {view.value === "compare" && (
          <input
            type="range"
            min="0"
            max="1"
            step="0.01"
            aria-label={t.split}
            value={split.value}
            onInput={({ currentTarget }) => {
              split.value = currentTarget.valueAsNumber;
            }}
          />
        )}
        <span class="zoom">
          <ToolButton icon="zoomOut" label={t.zoomOut} onClick={() => camera.zoom(1 / ZOOM)} />
          <ToolButton icon="fit" label={t.fit} onClick={() => camera.fit()} />
          <ToolButton icon="zoomIn" label={t.zoomIn} onClick={() => camera.zoom(ZOOM)} />
        </span>
        <ToolButton
          icon="remove"
          label={t.removeThis}
          onClick={() => removePhotograph(photograph)}
        />
        <ToolButton icon="close" label={t.close} onClick={close} />
      </div>
      <div class="stage-area">
        <Stage photograph={photograph} camera={camera} />
        <button
          type="button"
          class="button icon-button step previous"
          aria-label={t.previous}
          onClick={() => step(-1)}
        >
          <Icon name="previous" />
        </button>
        <button
          type="button"
          class="button icon-button step next"
          aria-label={t.next}
          onClick={() => step(1)}
        >
          <Icon name="next" />
        </button>
      </div>
      <Tools photograph={photograph} />
      <div class="viewer-foot">
        <Status />
        <Messages />
        <Strip />
      </div>
    </dialog>
  );
}

/** The action of a key. Undefined if it has none. */
function actionFor(
  { key, shiftKey, ctrlKey, metaKey }: KeyboardEvent,
  photograph: Photograph,
  camera: Camera,
  isOnStage: boolean,
): (() => void) | undefined {
  if (ctrlKey || metaKey) return key === "z" ? () => undo(photograph) : undefined;
  const moves: Record<string, readonly [number, number]> = {
    ArrowLeft: [STEP, 0],
    ArrowRight: [-STEP, 0],
    ArrowUp: [0, STEP],
    ArrowDown: [0, -STEP],
  };
  const move = moves[key];
  if (move && shiftKey) return () => camera.move(...move);
  if (key === "ArrowLeft") return () => step(-1);
  if (key === "ArrowRight") return () => step(1);
  if (key === "+" || key === "=") return () => camera.zoom(ZOOM);
  if (key === "-") return () => camera.zoom(1 / ZOOM);
  if (key === "0") return () => camera.fit();
  if (!isOnStage) return undefined;
  if (key === " ") return flip;
  if (key === "Enter") return () => markBetween(photograph, camera.toPhotograph(camera.middle()));
  return undefined;
}

/** Shows the comparison, or switches it between photograph and cut-out. */
function flip(): void {
  if (view.value !== "compare") {
    view.value = "compare";
    split.value = 0;
  } else {
    split.value = split.value < 0.5 ? 1 : 0;
  }
}

function Facts({ photograph }: { readonly photograph: Photograph }) {
  const t = words.value;
  const { opened, mask } = photograph;
  const found = mask.value;
  const parts = [
    opened.value && `${opened.value.width} × ${opened.value.height}`,
    found && t.presence(percent(found.presence)),
    found?.confidence !== undefined && t.confidence(percent(found.confidence)),
  ].filter(Boolean);
  return <small>{parts.join(" · ")}</small>;
}

interface ToolButtonProps {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
}

function ToolButton({ icon, label, onClick }: ToolButtonProps) {
  return (
    <button
      type="button"
      class="button plain icon-button"
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
