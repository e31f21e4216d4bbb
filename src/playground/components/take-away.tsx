import { useEffect, useRef } from "preact/hooks";
import { isTakingAway } from "../state/dialog.ts";
import { keptConsensus } from "../state/group.ts";
import { groupAddress } from "../state/run.ts";
import {
  format,
  isOneFile,
  label,
  leavesOut,
  saveConsensus,
  saving,
  takeAway,
  taken,
} from "../state/taking-away.ts";
import { words } from "../state/words.ts";
import { FORMATS } from "../take-away/archive.ts";
import { ConsensusChooser } from "./choosers.tsx";
import { Icon } from "./icon.tsx";
import { StudioOptions } from "./studio-options.tsx";

function close(): void {
  isTakingAway.value = false;
  if (saving.value.stage === "saved") saving.value = { stage: "none" };
}

/** The export dialog. */
export function TakeAway() {
  const t = words.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => before?.focus();
  }, []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="take-away" onClose={close}>
      <div class="dialog-head">
        <h2 id="take-away">{t.takeAway}</h2>
        <button
          type="button"
          class="button plain icon-button"
          aria-label={t.close}
          onClick={() => dialog.current?.close()}
        >
          <Icon name="close" />
        </button>
      </div>
      <div class="dialog-body">
        <Formats />
        {format.value === "studio" && <StudioOptions />}
        <Options />
        <Save />
        <Consensus />
        {groupAddress.value && <GroupLink address={groupAddress.value} />}
      </div>
    </dialog>
  );
}

function Formats() {
  const t = words.value;
  return (
    <fieldset class="formats">
      <legend class="unseen">{t.takeAway}</legend>
      {FORMATS.map((name) => {
        const [title, help] = t.formats[name] as readonly [string, string];
        return (
          <label key={name} class="format">
            <input
              type="radio"
              name="format"
              value={name}
              checked={format.value === name}
              onChange={() => {
                format.value = name;
              }}
            />
            <strong>{title}</strong>
            <span class="quiet">{help}</span>
          </label>
        );
      })}
    </fieldset>
  );
}

function Options() {
  const t = words.value;
  const hasLabel = format.value === "coco" || format.value === "yolo";
  return (
    <>
      {hasLabel && (
        <label class="field">
          <span>{t.label}</span>
          <input
            type="text"
            value={label.value}
            placeholder={t.object}
            onInput={({ currentTarget }) => {
              label.value = currentTarget.value;
            }}
          />
        </label>
      )}
      <label class="check">
        <input
          type="checkbox"
          checked={leavesOut.value}
          onChange={({ currentTarget }) => {
            leavesOut.value = currentTarget.checked;
          }}
        />
        <span>{t.withoutObject}</span>
      </label>
    </>
  );
}

function Save() {
  const t = words.value;
  const state = saving.value;
  const total = taken.value.length;
  return (
    <div class="dialog-actions is-main">
      <button
        type="button"
        class="button primary"
        disabled={total === 0 || state.stage === "writing"}
        onClick={() => void takeAway()}
      >
        <Icon name="download" />
        <span>{t.download(isOneFile() ? 1 : total)}</span>
      </button>
      <output aria-live="polite">
        {state.stage === "writing"
          ? t.preparing(state.done, total)
          : state.stage === "saved"
            ? t.saved
            : t.sampleCount(total)}
      </output>
    </div>
  );
}

function Consensus() {
  const t = words.value;
  return (
    <section class="aside">
      <h3>{t.consensusFile}</h3>
      <p>{t.consensusHelp}</p>
      <div class="dialog-actions">
        <button
          type="button"
          class="button"
          disabled={keptConsensus.value === undefined}
          onClick={saveConsensus}
        >
          {t.saveConsensus}
        </button>
        <ConsensusChooser />
      </div>
    </section>
  );
}

function GroupLink({ address }: { readonly address: string }) {
  const t = words.value;
  return (
    <section class="aside">
      <h3>{t.groupLink}</h3>
      <div class="dialog-actions">
        <a class="link address" href={address}>
          {address}
        </a>
        <button
          type="button"
          class="button"
          onClick={() => void navigator.clipboard.writeText(address)}
        >
          <Icon name="link" />
          <span>{t.copyLink}</span>
        </button>
      </div>
    </section>
  );
}
