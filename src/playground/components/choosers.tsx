import { useRef } from "preact/hooks";
import { takeConsensus, takeFiles, takeFolder } from "../state/files.ts";
import { words } from "../state/words.ts";
import { Icon, type IconName } from "./icon.tsx";

interface ChooserProps {
  readonly icon?: IconName;
  readonly label: string;
  readonly kind: "files" | "folder" | "camera" | "consensus";
  readonly class?: string;
}

/** A button that asks for files. */
function Chooser({ icon, label, kind, class: className = "button" }: ChooserProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class={className} onClick={() => input.current?.click()}>
        {icon && <Icon name={icon} />}
        <span>{label}</span>
      </button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={label}
        multiple={kind === "files"}
        accept={kind === "camera" ? "image/*" : undefined}
        capture={kind === "camera" ? "environment" : undefined}
        {...(kind === "folder" && { webkitdirectory: true })}
        onChange={({ currentTarget }) => {
          const files = Array.from(currentTarget.files ?? []);
          // Otherwise, choosing the same files again would emit no event.
          currentTarget.value = "";
          if (kind === "folder") void takeFolder(files);
          else if (kind === "consensus") void takeConsensus(files);
          else void takeFiles(files);
        }}
      />
    </>
  );
}

export function Choosers() {
  const t = words.value;
  const hasCamera = matchMedia("(pointer: coarse)").matches;
  return (
    <div class="choosers">
      <Chooser icon="files" kind="files" label={t.chooseFiles} class="button primary" />
      {hasCamera ? (
        <Chooser icon="camera" kind="camera" label={t.takePhotograph} />
      ) : (
        <Chooser icon="folder" kind="folder" label={t.chooseFolder} />
      )}
    </div>
  );
}

export function ConsensusChooser() {
  const t = words.value;
  return <Chooser kind="consensus" label={t.loadConsensus} />;
}

export function AddChooser() {
  return <Chooser icon="add" kind="files" label={words.value.add} />;
}
