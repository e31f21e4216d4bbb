import { stripVTControlCharacters } from "node:util";
import { expect, it, vi } from "vitest";
import type { SetResult } from "./reporter.ts";
import { textReporter } from "./text.ts";

/** A reporter in a pipe, and its lines. */
function inPipe() {
  const lines: string[] = [];
  const stream = { isTTY: false, write: (text: string) => lines.push(text.trimEnd()) };
  const reporter = textReporter(stream as unknown as NodeJS.WriteStream);
  return { reporter, text: () => stripVTControlCharacters(lines.join("\n")) };
}

it("tells no rate in a pipe before there is one", () => {
  vi.useFakeTimers();
  try {
    const { reporter, text } = inPipe();
    reporter.begin({ title: "cats", photographs: 40, how: "here" });
    vi.advanceTimersByTime(11_000);
    reporter.learning(0, 40);
    vi.advanceTimersByTime(11_000);
    reporter.learning(22, 40);
    expect(text()).toBe(
      "cats: 40 photographs, here\nlooking 0 of 40\nlooking 22 of 40, 1.0 images/s",
    );
  } finally {
    vi.useRealTimers();
  }
});

it("ends with the photographs that somebody should look at", () => {
  const result: SetResult = {
    ...{ title: "cats", folder: ".", photographs: 4, masked: 4, kept: 0, common: 0.8, seconds: 2 },
    absent: [{ photograph: "dog.jpg", presence: 0.1 }],
    doubtful: [
      { photograph: "a.jpg", confidence: 0.31 },
      { photograph: "b.jpg", confidence: 0.449 },
    ],
    ...{ skipped: [], notes: [] },
  };
  const { reporter, text } = inPipe();
  reporter.end(result);
  expect(text()).toContain("does not seem to be in dog.jpg (0.10).");
  expect(text()).toContain("2 masks have a low confidence; look at a.jpg (0.31), b.jpg (0.45).");
  reporter.end({ ...result, doubtful: result.doubtful.slice(0, 1) });
  expect(text()).toContain("1 mask has a low confidence; look at a.jpg (0.31).");
});
