import { basename } from "node:path";
import { distinctNames, foldedName, withoutExtension } from "../../file-names.ts";
import type { Photograph } from "../sets.ts";

/** A photograph with the name that its files begin with. */
export interface NamedPhotograph extends Photograph {
  /** Unique within the set, whatever the file system makes of upper and lower case. */
  readonly stem: string;
}

/**
 * Names for the files that are made of photographs: `cat.jpg` gives `cat.png`. Where two would give
 * the same, both keep their endings (`cat.jpg.png`, `cat.webp.png`), and what is still the same is
 * numbered. Otherwise names stay as they are: the photographs' file system takes them.
 */
export function withStems(photographs: readonly Photograph[]): NamedPhotograph[] {
  const count = new Map<string, number>();
  const shortNames = photographs.map(({ name }) => withoutExtension(basename(name)));
  for (const name of shortNames.map(foldedName)) count.set(name, (count.get(name) ?? 0) + 1);
  const stems = distinctNames(
    shortNames.map((short, i) =>
      count.get(foldedName(short)) === 1 ? short : basename((photographs[i] as Photograph).name),
    ),
  );
  return photographs.map((photograph, i) => ({ ...photograph, stem: stems[i] as string }));
}
