import { removeMarks } from "../state/actions.ts";
import { hasNothingInCommon, marked, readable } from "../state/group.ts";
import { notice } from "../state/notice.ts";
import { givenConsensus, isOffline, isWorking, lostGpu, run } from "../state/run.ts";
import { place, view } from "../state/settings.ts";
import { explained, words } from "../state/words.ts";
import { Icon } from "./icon.tsx";

/** Messages about the whole group. */
export function Messages() {
  const t = words.value;
  const given = givenConsensus.value;
  const isMarked = marked.value.length > 0;
  return (
    <div class="messages" role="status">
      {hasNothingInCommon.value && (
        <p class="message warning">
          <Icon name="warning" />
          <span>
            <strong>{t.nothingInCommon}</strong> {t.nothingInCommonHelp}
          </span>
        </p>
      )}
      {run.value.stage === "done" && readable.value.length === 1 && !given && (
        <p class="message">{t.single}</p>
      )}
      {isMarked && (
        <p class="message">
          <Icon name="mark" />
          <span>{t.marksFrom(marked.value.length)}</span>
          <button type="button" class="link" onClick={() => removeMarks(marked.value)}>
            {t.clearMarks}
          </button>
        </p>
      )}
      {given && (
        <p class="message">
          <span>{t.fromConsensus(given.name)}</span>
          <button
            type="button"
            class="link"
            onClick={() => {
              givenConsensus.value = undefined;
            }}
          >
            {t.forget}
          </button>
        </p>
      )}
      {isOffline.value && place.value === "service" && isWorking(run.value) && (
        <p class="message warning">
          <Icon name="warning" />
          <span>{t.offline}</span>
        </p>
      )}
      {lostGpu.value !== undefined && (
        <p class="message warning">
          <Icon name="warning" />
          <span>{t.lostGpu}</span>
        </p>
      )}
      {view.value === "why" && (
        <p class="message">
          <span class="scale" aria-hidden="true" />
          <span>{t.whyHelp}</span>
        </p>
      )}
      {notice.value && (
        <p class="message warning">
          <Icon name="warning" />
          <span>{explained(notice.value)}</span>
          <button
            type="button"
            class="link"
            onClick={() => {
              notice.value = undefined;
            }}
          >
            {t.close}
          </button>
        </p>
      )}
    </div>
  );
}
