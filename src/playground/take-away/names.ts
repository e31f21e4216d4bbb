/** A file's name without what tells its type. */
export function stemOf(name: string): string {
  return name.replace(/\.[^./]+$/, "");
}

/** Names that differ: of two that are the same, the second gets a number. */
export function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const stem = stemOf(name);
    const rest = name.slice(stem.length);
    let free = name;
    for (let number = 2; taken.has(stemOf(free)); number++) free = `${stem}-${number}${rest}`;
    taken.add(stemOf(free));
    return free;
  });
}
