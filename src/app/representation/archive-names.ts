import { distinctNames, portableName, withoutExtension } from "../../file-names.ts";
import type { SentImage } from "../compute/plan.ts";

/**
 * Names of files in an archive, by the images' ids, which are photographs' names.
 *
 * @param suffix without a dot, e.g. `rle.json`
 */
export function archiveNames(sent: readonly SentImage[], suffix: string): Map<string, string> {
  const names = distinctNames(sent.map(({ id }) => portableName(withoutExtension(id))));
  return new Map(sent.map(({ id }, i) => [id, `${names[i]}.${suffix}`]));
}
