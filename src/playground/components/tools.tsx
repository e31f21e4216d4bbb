import { useSignal } from "@preact/signals";
import { undo } from "../state/actions.ts";
import { copyCutout, saveCutout } from "../state/copy.ts";
import { brush, type Tool, tool } from "../state/large-view.ts";
import type { Photograph } from "../state/photographs.ts";
import { words } from "../state/words.ts";
import { Icon } from "./icon.tsx";
import { Segmented } from "./segmented.tsx";

const TOOLS: readonly Tool[] = ["mark", "exclude", "draw", "erase", "move"];

/** Tools that mark and correct a photograph, and buttons that save it. */
export function Tools({ photograph }: { readonly photograph: Photograph }) {
  const t = words.value;
  const chosen = tool.value;
  const hasMask = photograph.mask.value !== undefined;
  const canUndo = photograph.edits.value.length + photograph.marks.value.length > 0;
  return (
    <div class="viewer-tools">
      <Segmented
        name={t.tools[chosen]}
        chosen={chosen}
        values={TOOLS.map((value) => ({ value, label: t.tools[value], icon: value }))}
        iconsOnly
        onChoose={(value) => {
          tool.value = value;
        }}
      />
      {(chosen === "draw" || chosen === "erase") && (
        <label class="slider">
          <span>{t.brush}</span>
          <input
            type="range"
            min="0.01"
            max="0.2"
            step="0.005"
            value={brush.value}
            onInput={({ currentTarget }) => {
              brush.value = currentTarget.valueAsNumber;
            }}
          />
        </label>
      )}
      <button
        type="button"
        class="button plain"
        disabled={!canUndo}
        onClick={() => undo(photograph)}
      >
        <Icon name="undo" />
        <span class="wide">{t.undo}</span>
      </button>
      <p class="tool-help" title={t.keys}>
        {t.toolHelp[chosen]}
      </p>
      {hasMask && <CopyButton photograph={photograph} />}
      {hasMask && (
        <button
          type="button"
          class="button icon-button"
          aria-label={t.save}
          title={t.save}
          onClick={() => void saveCutout(photograph)}
        >
          <Icon name="download" />
        </button>
      )}
    </div>
  );
}

/** How long "Copied" is shown, in milliseconds. */
const SHOWN = 2000;

function CopyButton({ photograph }: { readonly photograph: Photograph }) {
  const t = words.value;
  const isCopied = useSignal(false);
  return (
    <button
      type="button"
      class="button"
      onClick={async () => {
        isCopied.value = await copyCutout(photograph);
        setTimeout(() => {
          isCopied.value = false;
        }, SHOWN);
      }}
    >
      <Icon name={isCopied.value ? "check" : "copy"} />
      <span class="wide" aria-live="polite">
        {isCopied.value ? t.copied : t.copy}
      </span>
    </button>
  );
}
