import { retry } from "../state/controller.ts";
import { photographs } from "../state/photographs.ts";
import { device, isWorking, type RunState, run, serviceKey } from "../state/run.ts";
import { place } from "../state/settings.ts";
import { decimal, explained, megabytes, words } from "../state/words.ts";

/** The first stage: photographs that are being opened. */
function opening(): { done: number; total: number } | undefined {
  const all = photographs.value;
  const done = all.filter(({ opened, problem }) => opened.value ?? problem.value).length;
  return done < all.length ? { done, total: all.length } : undefined;
}

function sentence(state: RunState): string {
  const { stages } = words.value;
  const opened = opening();
  if (opened) return stages.opening(opened.done, opened.total);
  switch (state.stage) {
    case "loading":
      return state.total > 0 && state.done < state.total
        ? stages.loading(megabytes(state.done), megabytes(state.total))
        : stages.starting;
    case "uploading":
    case "reading":
    case "masking":
      return state.total > 0 ? stages[state.stage](state.done, state.total) : stages.starting;
    case "done":
      return [
        stages.done(state.total, decimal(state.milliseconds / 1000)),
        ...(isAllFresh(state) ? [] : [stages.fresh(state.fresh ?? 0)]),
      ].join(words.value.comma);
    case "idle":
      return stages.starting;
    default:
      return "";
  }
}

/** Whether every photograph was encoded. Cached ones would make the speed wrong. */
function isAllFresh({ total, fresh = total }: Extract<RunState, { stage: "done" }>): boolean {
  return fresh >= total;
}

/** Where masks are computed, and how fast. */
function Where() {
  const t = words.value;
  const state = run.value;
  const engine = device.value;
  const parts: string[] = [];
  if (place.value === "service") parts.push(t.atService);
  else if (engine) parts.push(engine.backend === "webgpu" ? t.gpu : t.cpu(engine.threads));
  if (state.stage === "done" && isAllFresh(state) && state.milliseconds > 0) {
    parts.push(t.rate(decimal((1000 * state.total) / state.milliseconds)));
  }
  return <span class="where">{parts.join(" · ")}</span>;
}

/** The current work, also for screen readers. */
export function Status() {
  const state = run.value;
  const t = words.value;
  const opened = opening();
  const progress =
    opened ?? ("done" in state && "total" in state && isWorking(state) ? state : undefined);
  const isBusy = opened !== undefined || isWorking(state);
  return (
    <div class="status">
      <output class="sentence" aria-live="polite">
        {sentence(state)}
      </output>
      {state.stage === "failed" && !opened && (
        <span class="failed" role="alert">
          <strong>{t.failed}</strong> {explained(state.problem)}{" "}
          {state.problem.code.startsWith("credentials") && <KeyField />}
          <button type="button" class="link" onClick={retry}>
            {t.retry}
          </button>
        </span>
      )}
      <Where />
      {isBusy && (
        <progress
          class="bar"
          aria-label={sentence(state)}
          {...(progress && progress.total > 0 ? { value: progress.done, max: progress.total } : {})}
        />
      )}
    </div>
  );
}

function KeyField() {
  const t = words.value;
  return (
    <label class="key">
      <span class="unseen">{t.key}</span>
      <input
        type="password"
        placeholder={t.key}
        autocomplete="off"
        onChange={({ currentTarget }) => {
          serviceKey.value = currentTarget.value;
        }}
      />
    </label>
  );
}
