import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { enlargedExample } from "../photographs.ts";

const EXAMPLES = ["by-a-hedge", "in-a-wooden-box", "on-a-rock", "on-a-waste-bin"];

/**
 * Photographs of 1 megapixel, as many as wanted: examples/, enlarged. Bytes after a JPEG's end make each
 * a file of its own.
 *
 * @returns their paths
 */
export async function writePhotographs(folder: string, count: number): Promise<string[]> {
  const files = await Promise.all(
    EXAMPLES.map((name) => enlargedExample(`cats/${name}.jpg`, 1200, 833)),
  );
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const name = `${String(i).padStart(5, "0")}.jpg`;
    const path = join(folder, name);
    await writeFile(
      path,
      Buffer.concat([files[i % files.length] as Uint8Array, Buffer.from(name)]),
    );
    paths.push(path);
  }
  return paths;
}
