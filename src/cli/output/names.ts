import { parse } from "node:path";
import type { Photograph } from "../sets.ts";

/** A photograph with the name that its files begin with. */
export interface NamedPhotograph extends Photograph {
  /** Unique within the set, whatever the file system makes of upper and lower case. */
  readonly stem: string;
}

/**
 * Names for the files that are made of photographs: `cat.jpg` gives `cat.png`. Where two would give
 * the same, both keep their endings (`cat.jpg.png`, `cat.webp.png`), and what is still the same is
 * numbered.
 */
export function withStems(photographs: readonly Photograph[]): NamedPhotograph[] {
  const count = new Map<string, number>();
  const folded = (name: string) => name.normalize("NFC").toLowerCase();
  for (const { name } of photographs) {
    const short = folded(parse(name).name);
    count.set(short, (count.get(short) ?? 0) + 1);
  }
  const taken = new Set<string>();
  return photographs.map((photograph) => {
    const { name } = photograph;
    const short = parse(name).name;
    const wished = count.get(folded(short)) === 1 ? short : parse(name).base;
    let stem = wished;
    for (let number = 2; taken.has(folded(stem)); number++) stem = `${wished}-${number}`;
    taken.add(folded(stem));
    return { ...photograph, stem };
  });
}
