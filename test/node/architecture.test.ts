import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const files = globSync("src/**/*.{ts,tsx}", { cwd: root })
  .filter((file) => !/(\.test|\.d)\.tsx?$/.test(file))
  .sort();

/** Files of this repository that a file imports, types included. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return Array.from(
    text.matchAll(
      /^(?:import|export)\s[^;]*?["'](\.[^"']+\.tsx?)["'];|import\("(\.[^"]+\.tsx?)"\)/gm,
    ),
    ([, statement, call]) => normalize(join(dirname(file), statement ?? (call as string))),
  );
}

const imports = new Map(files.map((file) => [file, importsOf(file)]));

/**
 * The rooms of a folder, from the top down, as ARCHITECTURE.md lists them: one line each, or several
 * names in a line where neither knows the other.
 */
function roomsOf(folder: string): string[][] {
  const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const list = new RegExp(`<!-- rooms of ${folder} -->\\n\`\`\`text\\n(.*?)\`\`\``, "s").exec(
    text,
  )?.[1];
  return (list ?? "")
    .trim()
    .split("\n")
    .map((line) => (line.split(/ {2,}/)[0] as string).split(", "));
}

/** The first part of a file's path below a folder. */
function roomOf(file: string, folder: string): string {
  return (relative(folder, file).split("/")[0] as string).replace(/\.tsx?$/, "");
}

it.each(["src", "src/app", "src/playground"])("no room of %s knows one above it", (folder) => {
  const rooms = roomsOf(folder);
  const floorOf = (file: string) =>
    rooms.findIndex((names) => names.includes(roomOf(file, folder)));
  const inside = files.filter((file) => file.startsWith(`${folder}/`));
  const unlisted = new Set(inside.filter((file) => floorOf(file) < 0));
  expect([...unlisted], "files of rooms that ARCHITECTURE.md does not list").toEqual([]);
  const wrong = inside.flatMap((file) =>
    (imports.get(file) ?? [])
      .filter((other) => other.startsWith(`${folder}/`))
      .filter((other) => roomOf(other, folder) !== roomOf(file, folder))
      .filter((other) => floorOf(other) <= floorOf(file))
      .map((other) => `${file} imports ${other}`),
  );
  expect(wrong).toEqual([]);
});

it("no files import each other in a circle", () => {
  const circles: string[] = [];
  const state = new Map<string, "open" | "closed">();
  const visit = (file: string, path: readonly string[]) => {
    if (state.get(file) === "closed") return;
    if (state.get(file) === "open") {
      circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
      return;
    }
    state.set(file, "open");
    for (const other of imports.get(file) ?? []) visit(other, [...path, file]);
    state.set(file, "closed");
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});
