import { distinctNames, portableName, withoutExtension } from "../../file-names.ts";

/** A file name without its extension. */
export { withoutExtension as stemOf };

/** Names that every file system accepts, with different stems. If two stems are equal, the second gets a number. */
export function distinct(names: readonly string[]): string[] {
  const stems = names.map(withoutExtension);
  return distinctNames(stems.map(portableName)).map(
    (stem, i) => stem + names[i]?.slice(stems[i]?.length),
  );
}
