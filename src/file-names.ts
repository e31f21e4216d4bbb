// Names of files that are made of photographs, such that every file system takes them.

/** Ends of photographs' names that the names of their masks do without. */
const EXTENSION = /\.(jpe?g|jpe|jfif|png|webp|avif|heic|heif|gif|bmp|tiff?|jxl)$/i;

/**
 * Names that Windows keeps for devices, whatever follows their first dot
 * (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
 */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(\.|$))/i;

/** Bytes of a name in UTF-8, without number and suffix: file systems take 255. */
const MAX_NAME_BYTES = 200;

/** `cat` of `cat.jpg`; what is no photograph's ending stays. */
export function withoutExtension(name: string): string {
  return name.replace(EXTENSION, "");
}

/** The names, in their order, numbered where they are repeated to a file system that ignores case. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((wished) => {
    let name = wished;
    for (let n = 2; taken.has(foldedName(name)); n++) name = `${wished}-${n}`;
    taken.add(foldedName(name));
    return name;
  });
}

/** The same for names that are the same where case does not count. */
export function foldedName(name: string): string {
  return name.toUpperCase().toLowerCase().normalize("NFC");
}

/**
 * A name that every file system takes: without folders, control characters, and what means something to a
 * file system or a shell's user; short, and no device's.
 */
export function portableName(name: string): string {
  const plain = name
    .normalize("NFC")
    .replace(/[\p{C}\p{Z}/\\:*?"<>|]/gu, (character) => (character === " " ? " " : "_"))
    .replace(DEVICE, "$1_")
    .replace(/^[.\s]+|[.\s]+$/g, "_");
  return within(plain, MAX_NAME_BYTES) || "image";
}

/** As many whole characters as have so many bytes. */
function within(text: string, bytes: number): string {
  let kept = "";
  let left = bytes;
  for (const character of text) {
    left -= new TextEncoder().encode(character).length;
    if (left < 0) return kept;
    kept += character;
  }
  return kept;
}
