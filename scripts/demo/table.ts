import type { GroupRun } from "./run.ts";

/** A group's results as lines of text. */
export function table({ group, body, milliseconds, total, again }: GroupRun): string {
  const rows = body.images.map((image) => [
    image.id,
    `${(100 * image.coverage).toFixed(1)} %`,
    image.presence.toFixed(2),
    milliseconds.has(image.id) ? milliseconds.get(image.id)!.toFixed(0) : "-",
    again.cache,
  ]);
  const head = ["image", "coverage", "presence", "ms", "again"];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)));
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("   ");
  const photographs = `${body.images.length} photograph${body.images.length === 1 ? "" : "s"}`;
  return [
    `${group.name}: ${photographs} in ${(total / 1000).toFixed(1)} s (${body.cache}); ` +
      `in another order, under other names: ${again.milliseconds.toFixed(0)} ms (${again.cache})`,
    ...[head, ...rows].map((cells) => `  ${line(cells)}`),
    "",
  ].join("\n");
}
