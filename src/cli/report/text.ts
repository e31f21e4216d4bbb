import { relative } from "node:path";
import { styleText } from "node:util";
import { Presets, SingleBar } from "cli-progress";
import type { Reporter, SetResult } from "./reporter.ts";

/** Names that a summary lists before it counts. */
const LISTED = 10;

/** Seconds between two lines in a pipe. */
const PIPE_SECONDS = 10;

/** Colours go to terminals only, and not where NO_COLOR is set. */
function coloured(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stderr });
}

/** For a person: a bar on a terminal, plain lines in a pipe, a summary at the end. On stderr. */
export function textReporter(stream: NodeJS.WriteStream = process.stderr): Reporter {
  let bar: SingleBar | undefined;
  let total = 0;
  let done = 0;
  let begun = 0;
  let spoken = 0;
  const say = (line: string) => stream.write(`${line}\n`);

  function show(stage: string, at: number, of: number): void {
    if (stream.isTTY) {
      bar ??= new SingleBar(
        {
          stream,
          format: "{stage} {bar} {value}/{total}  {rate}  {left}",
          hideCursor: true,
          clearOnComplete: true,
          fps: 5,
        },
        Presets.shades_classic,
      );
      const payload = { stage: stage.padEnd(8), rate: rate(at), left: timeLeft(at, of) };
      if (!bar.isActive) bar.start(of, at, payload);
      bar.setTotal(of);
      bar.update(at, payload);
    } else if (Date.now() - spoken > 1000 * PIPE_SECONDS) {
      spoken = Date.now();
      say(`${stage} ${at} of ${of}${at > 0 ? `, ${rate(at)}` : ""}`);
    }
  }

  const seconds = () => (Date.now() - begun) / 1000;
  const rate = (at: number) => `${(at / Math.max(seconds(), 0.001)).toFixed(1)} images/s`;
  const timeLeft = (at: number, of: number) =>
    at === 0 ? "" : `${duration((seconds() / at) * (of - at))} left`;

  function clear(): void {
    bar?.stop();
    bar = undefined;
  }

  return {
    begin({ title, photographs, how }) {
      total = photographs;
      done = 0;
      begun = spoken = Date.now();
      say(`${coloured("bold", title)}: ${counted(photographs, "photograph")}, ${how}`);
    },
    learning(at, of) {
      show("looking", at, of);
      // Masks have a rate of their own.
      if (at === of) begun = Date.now();
    },
    masked() {
      show("masking", ++done, total);
    },
    skipped() {
      done++;
    },
    composing(at, of) {
      show("studio", at, of);
    },
    end(result) {
      clear();
      for (const line of summary(result)) say(line);
    },
  };
}

function* summary(result: SetResult): Generator<string> {
  const { masked, kept, photographs, folder, seconds, absent, doubtful, skipped, common } = result;
  const where = relative(process.cwd(), folder) || ".";
  const made = masked - kept;
  const rate = made > 0 ? `, ${(made / Math.max(seconds, 0.001)).toFixed(1)} images/s` : "";
  const earlier = kept > 0 ? ` (${kept} were there already)` : "";
  yield `${coloured("green", `${masked} of ${counted(photographs, "mask")}`)} in ${where}${earlier}, ${duration(seconds)}${rate}`;
  if (absent.length > 0) {
    const names = absent.map(
      ({ photograph, presence }) => `${photograph} (${presence.toFixed(2)})`,
    );
    yield coloured("yellow", `The object does not seem to be in ${listed(names)}.`);
  }
  if (doubtful.length > 0) {
    const names = doubtful.map(
      ({ photograph, confidence }) => `${photograph} (${confidence.toFixed(2)})`,
    );
    const masks = doubtful.length === 1 ? "1 mask has" : `${doubtful.length} masks have`;
    yield coloured("yellow", `${masks} a low confidence; look at ${listed(names)}.`);
  }
  if (masked > 1 && common < 0.5) {
    yield coloured(
      "yellow",
      "The photographs seem to have nothing in common. Mark the object in one of them: --seed NAME:X,Y",
    );
  }
  for (const note of result.notes) yield coloured("yellow", note);
  if (skipped.length > 0) {
    yield coloured("red", `${counted(skipped.length, "photograph")} could not be read:`);
    for (const { photograph, reason } of skipped.slice(0, LISTED)) {
      yield `  ${reason.includes(photograph) ? reason : `${photograph}: ${reason}`}`;
    }
    if (skipped.length > LISTED)
      yield `  and ${skipped.length - LISTED} more; masks.json names them all`;
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).join(", ");
  return names.length > LISTED ? `${shown} and ${names.length - LISTED} more` : shown;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
