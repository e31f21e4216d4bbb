import { useId } from "preact/hooks";
import { Icon, type IconName } from "./icon.tsx";

interface SegmentedProps<Value extends string> {
  /** Name of the choice, for screen readers. */
  readonly name: string;
  readonly values: readonly {
    readonly value: Value;
    readonly label: string;
    readonly icon?: IconName;
    readonly disabled?: string | undefined;
  }[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
  readonly iconsOnly?: boolean;
}

/** A choice between a few options, shown side by side. */
export function Segmented<Value extends string>(props: SegmentedProps<Value>) {
  const { name, values, chosen, onChoose, iconsOnly = false } = props;
  const group = useId();
  return (
    <fieldset class="segmented">
      <legend class="unseen">{name}</legend>
      {values.map(({ value, label, icon, disabled }) => (
        <label key={value} title={disabled ?? (iconsOnly ? label : undefined)}>
          <input
            type="radio"
            name={group}
            value={value}
            checked={chosen === value}
            disabled={disabled !== undefined}
            onChange={() => onChoose(value)}
          />
          <span>
            {icon && <Icon name={icon} />}
            <span class={iconsOnly ? "unseen" : undefined}>{label}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
