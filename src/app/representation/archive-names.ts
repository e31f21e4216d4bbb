import type { SentImage } from "../compute/plan.ts";

/** Ends of photographs' names that their masks' names do without. */
const EXTENSION = /\.(jpe?g|jfif|png|webp|avif|heic|heif|gif|bmp|tiff?|jxl)$/i;

/**
 * Names that Windows keeps for devices, whatever follows their first dot
 * (https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
 */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(\.|$))/i;

/** Bytes of a name in UTF-8, without number and suffix: file systems take 255. */
const MAX_NAME_BYTES = 200;

/**
 * Names of files in an archive, by the images' ids, which are photographs' names: such that every
 * file system takes them, and no two are the same to one that ignores case. They have no folders, no
 * control characters, nothing that means something to a file system or a shell's user, and are
 * numbered where they are repeated.
 *
 * @param suffix without a dot, e.g. `rle.json`
 */
export function archiveNames(sent: readonly SentImage[], suffix: string): Map<string, string> {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const { id } of sent) {
    const plain = portable(id);
    let name = plain;
    for (let n = 2; taken.has(folded(name)); n++) name = `${plain}-${n}`;
    taken.add(folded(name));
    names.set(id, `${name}.${suffix}`);
  }
  return names;
}

function portable(id: string): string {
  const plain = id
    .normalize("NFC")
    .replace(EXTENSION, "")
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

/** Names that are the same where case does not count. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase().normalize("NFC");
}
