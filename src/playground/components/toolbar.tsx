import { removeAll } from "../state/actions.ts";
import { isTakingAway } from "../state/dialog.ts";
import { someLackObject } from "../state/group.ts";
import { isSorted, place, threshold, type View, view } from "../state/settings.ts";
import { decimal, words } from "../state/words.ts";
import { AddChooser } from "./choosers.tsx";
import { Icon } from "./icon.tsx";
import { Segmented } from "./segmented.tsx";

const VIEWS: readonly View[] = ["overlay", "mask", "cutout", "compare", "why"];

export function Toolbar() {
  const t = words.value;
  return (
    <div class="toolbar">
      <ViewChooser />
      <label class="slider">
        <span>{t.threshold}</span>
        <input
          type="range"
          min="0.05"
          max="0.95"
          step="0.01"
          value={threshold.value}
          onInput={({ currentTarget }) => {
            threshold.value = currentTarget.valueAsNumber;
          }}
        />
        <output>{decimal(threshold.value, 2)}</output>
      </label>
      {someLackObject.value && (
        <label class="check">
          <input
            type="checkbox"
            checked={isSorted.value}
            onChange={({ currentTarget }) => {
              isSorted.value = currentTarget.checked;
            }}
          />
          <span>{t.sortLast}</span>
        </label>
      )}
      <span class="actions">
        <button type="button" class="button plain" onClick={removeAll}>
          {t.removeAll}
        </button>
        <AddChooser />
        <button
          type="button"
          class="button primary"
          onClick={() => {
            isTakingAway.value = true;
          }}
        >
          <Icon name="download" />
          <span>{t.takeAway}</span>
        </button>
      </span>
    </div>
  );
}

export function ViewChooser() {
  const t = words.value;
  return (
    <Segmented
      name={t.view}
      chosen={view.value}
      values={VIEWS.map((value) => ({
        value,
        label: t.views[value],
        // The service computes no similarity maps.
        disabled: value === "why" && place.value === "service" ? t.whyOnDevice : undefined,
      }))}
      onChoose={(value) => {
        view.value = value;
      }}
    />
  );
}
