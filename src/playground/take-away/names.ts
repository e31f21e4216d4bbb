import { distinctNames, portableName, withoutExtension } from "../../file-names.ts";

/** A file's name without what tells its type. */
export { withoutExtension as stemOf };

/** Names whose stems differ, as every file system takes them: of two that are the same, the second gets a number. */
export function distinct(names: readonly string[]): string[] {
  const stems = names.map(withoutExtension);
  return distinctNames(stems.map(portableName)).map(
    (stem, i) => stem + names[i]?.slice(stems[i]?.length),
  );
}
