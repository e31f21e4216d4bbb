import type { Signal } from "@preact/signals";
import {
  align,
  BACKGROUNDS,
  background,
  CANVASES,
  canvas,
  margin,
  shadow,
} from "../state/taking-away.ts";
import { percent, words } from "../state/words.ts";

/** Options of a studio set. */
export function StudioOptions() {
  const t = words.value.studio;
  return (
    <div class="studio-options">
      <Choice
        label={t.canvas}
        value={canvas}
        options={CANVASES.map((size) => [size, size.replace("x", " × ")])}
      />
      <Choice
        label={t.background}
        value={background}
        options={BACKGROUNDS.map((colour) => [colour, t.backgrounds[colour]])}
      />
      <Choice
        label={t.align}
        value={align}
        options={[
          ["center", t.aligned.center],
          ["bottom", t.aligned.bottom],
        ]}
      />
      <label class="field">
        <span>{t.margin}</span>
        <input
          type="range"
          min="0"
          max="0.3"
          step="0.01"
          value={margin.value}
          onInput={({ currentTarget }) => {
            margin.value = currentTarget.valueAsNumber;
          }}
        />
        <output>{percent(margin.value)}</output>
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={shadow.value}
          onChange={({ currentTarget }) => {
            shadow.value = currentTarget.checked;
          }}
        />
        <span>{t.shadow}</span>
      </label>
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Signal<Value>;
  readonly options: readonly (readonly [value: Value, label: string])[];
}

function Choice<Value extends string>({ label, value, options }: ChoiceProps<Value>) {
  return (
    <label class="field">
      <span>{label}</span>
      <select
        value={value.value}
        onChange={({ currentTarget }) => {
          value.value = currentTarget.value as Value;
        }}
      >
        {options.map(([name, shown]) => (
          <option key={name} value={name}>
            {shown}
          </option>
        ))}
      </select>
    </label>
  );
}
