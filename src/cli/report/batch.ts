import { Presets, SingleBar } from "cli-progress";
import type { api } from "../../client/index.ts";

/** Seconds between two lines in a pipe. */
const PIPE_SECONDS = 10;

/** Tells a person how a batch goes. On stderr. */
export interface BatchReporter {
  uploaded(done: number, total: number): void;
  state(batch: api.Batch): void;
  summary(batch: api.Batch): void;
  say(line: string): void;
  /** Of what the bar shows. */
  end(): void;
}

export function batchReporter(
  isQuiet: boolean,
  stream: NodeJS.WriteStream = process.stderr,
): BatchReporter {
  let bar: SingleBar | undefined;
  let spoken = 0;

  function say(line: string): void {
    if (!isQuiet) stream.write(`${line}\n`);
  }

  function show(stage: string, done: number, total: number, more: string): void {
    if (isQuiet) return;
    if (stream.isTTY) {
      const payload = { stage: stage.padEnd(9), more };
      if (bar === undefined) {
        const format = "{stage} {bar} {value}/{total}  {more}";
        bar = new SingleBar({ stream, format, hideCursor: true, fps: 5 }, Presets.shades_classic);
        bar.start(total, done, payload);
      }
      bar.update(done, payload);
    } else if (Date.now() - spoken > 1000 * PIPE_SECONDS) {
      spoken = Date.now();
      say(`${stage} ${done} of ${total}${more && `, ${more}`}`);
    }
  }

  return {
    say,
    uploaded: (done, total) => show("uploading", done, total, ""),
    state(batch) {
      const { succeeded, failed, total } = batch.counts;
      show(batch.status, succeeded + failed, total, detailsOf(batch));
    },
    summary(batch) {
      const { counts, failures, cost } = batch;
      say(
        `${batch.status}: ${counts.succeeded} of ${counts.total} masks${cost ? `, ${costOf(cost)}` : ""}`,
      );
      for (const [code, count] of Object.entries(failures)) say(`  ${count} x ${code}`);
    },
    end() {
      bar?.stop();
      bar = undefined;
    },
  };
}

function detailsOf({ counts, rate, estimated_end, cost, waiting }: api.Batch): string {
  return [
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(rate > 0 ? [`${rate.toFixed(1)} images/s`] : []),
    ...(estimated_end ? [`done at ${new Date(estimated_end).toLocaleTimeString()}`] : []),
    ...(cost ? [costOf(cost)] : []),
    ...(waiting ? [`waiting: ${waiting.detail}`] : []),
  ].join(", ");
}

function costOf({ amount, currency }: NonNullable<api.Batch["cost"]>): string {
  return `${amount.toFixed(4)} ${currency}`;
}
