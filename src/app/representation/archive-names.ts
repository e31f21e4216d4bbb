import type { SentImage } from "../compute/plan.ts";

/**
 * Names of files in an archive, from the images' ids: no folders, no control characters, nothing
 * that means something to a file system, and none twice.
 */
export function archiveNames(sent: readonly SentImage[], suffix: string): string[] {
  const taken = new Set<string>();
  return sent.map(({ id }, i) => {
    const plain = id
      .replace(/\.(jpe?g|png|webp|avif)$/i, "")
      .replace(/[\p{C}/\\:*?"<>|]/gu, "_")
      .replace(/^\.+/, "_")
      .slice(0, 120);
    let name = `${plain || "image"}.${suffix}`;
    if (taken.has(name.toLowerCase())) name = `${i + 1}-${name}`;
    taken.add(name.toLowerCase());
    return name;
  });
}
