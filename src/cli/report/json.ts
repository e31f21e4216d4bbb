import { join } from "node:path";
import type { Reporter } from "./reporter.ts";

/** For a program: a line of JSON on stdout for each photograph, as soon as it is done. */
export function jsonReporter(write: (line: string) => void): Reporter {
  let set = "";
  return {
    begin({ title }) {
      set = title;
    },
    learning() {},
    masked({ files: { studio, ...files }, ...entry }, folder) {
      const { photograph, rle, rows, polygons, object, bytes, modified, ...facts } = entry;
      const paths = Object.fromEntries(
        Object.entries(files).map(([form, name]) => [form, join(folder, name)]),
      );
      write(JSON.stringify({ set, photograph, ...facts, files: paths }));
    },
    skipped({ photograph, code, reason }) {
      write(JSON.stringify({ set, photograph, error: { code, reason } }));
    },
    composing() {},
    end() {},
  };
}

export const quietReporter: Reporter = {
  begin() {},
  learning() {},
  masked() {},
  skipped() {},
  composing() {},
  end() {},
};

/** Tells several. */
export function allReporters(reporters: readonly Reporter[]): Reporter {
  return {
    begin(set) {
      for (const one of reporters) one.begin(set);
    },
    learning(done, total) {
      for (const one of reporters) one.learning(done, total);
    },
    masked(entry, folder) {
      for (const one of reporters) one.masked(entry, folder);
    },
    skipped(photograph) {
      for (const one of reporters) one.skipped(photograph);
    },
    composing(done, total) {
      for (const one of reporters) one.composing(done, total);
    },
    end(result) {
      for (const one of reporters) one.end(result);
    },
  };
}
