import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { problemOf } from "../engine/problem.ts";
import { isTakingAway } from "../state/dialog.ts";
import { takeDropped, takeFiles } from "../state/files.ts";
import { notice } from "../state/notice.ts";
import { photographs } from "../state/photographs.ts";
import { words } from "../state/words.ts";
import { Grid } from "./grid.tsx";
import { Header } from "./header.tsx";
import { Messages } from "./messages.tsx";
import { Start } from "./start.tsx";
import { Status } from "./status.tsx";
import { Toolbar } from "./toolbar.tsx";
import { Viewer } from "./viewer.tsx";

export function App() {
  const isEmpty = photographs.value.length === 0;
  return (
    <>
      <DropTarget />
      <Header />
      {isEmpty ? (
        <>
          <Start />
          <Messages />
        </>
      ) : (
        <main class="work">
          <h1 class="unseen">{words.value.photographs}</h1>
          <div class="bars">
            <Toolbar />
            <Status />
          </div>
          <Messages />
          <Grid />
          <Viewer />
          {isTakingAway.value && <TakeAwayOnDemand />}
        </main>
      )}
    </>
  );
}

/** The export dialog, with the code for archives, is loaded when it is first opened. */
function TakeAwayOnDemand() {
  const loaded = useSignal<{ readonly TakeAway: ComponentType } | undefined>(undefined);
  useEffect(() => {
    import("./take-away.tsx")
      .then((module) => {
        loaded.value = module;
      })
      .catch((error) => {
        isTakingAway.value = false;
        notice.value = problemOf(error);
      });
  }, []);
  return loaded.value ? <loaded.value.TakeAway /> : null;
}

/** Accepts files that are dropped or pasted anywhere on the page. */
function DropTarget() {
  const isOver = useSignal(false);
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      isOver.value = true;
    };
    const leave = (event: DragEvent) => {
      // The event also comes when the pointer moves between elements of the page.
      if (event.relatedTarget === null) isOver.value = false;
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      isOver.value = false;
      if (event.dataTransfer) void takeDropped(event.dataTransfer);
    };
    const paste = (event: ClipboardEvent) => {
      const files = Array.from(event.clipboardData?.files ?? []);
      if (files.length > 0) void takeFiles(files);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
      removeEventListener("paste", paste);
    };
  }, []);
  return isOver.value ? (
    <div class="drop-veil" aria-hidden="true">
      <span>{words.value.dropNow}</span>
    </div>
  ) : null;
}
