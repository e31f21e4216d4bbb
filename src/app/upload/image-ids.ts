/**
 * Ids for the photographs of a group, from their file names, in the order sent. A name that was
 * sent once is the id as it is. Of a name sent again, the first keeps it and the others get a
 * number before the extension (`cat.jpg`, `cat-2.jpg`, `cat-3.jpg`), passing over every name that
 * was sent itself. A part without a name is called `image`.
 */
export function uniqueIds(names: readonly (string | undefined)[]): string[] {
  const wanted = names.map((name) => name || "image");
  const taken = new Set(wanted);
  const given = new Set<string>();
  return wanted.map((name) => {
    let id = name;
    for (let n = 2; given.has(id); n++) {
      const candidate = numbered(name, n);
      if (!taken.has(candidate)) id = candidate;
    }
    given.add(id);
    taken.add(id);
    return id;
  });
}

function numbered(name: string, n: number): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)}-${n}${name.slice(dot)}` : `${name}-${n}`;
}
