import { execFileSync } from "node:child_process";
import { mkdtemp, open, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** MiB of the disk. A server calls it full when the largest photograph has no room. */
const SIZE = 384;

/** A small disk in memory (tmpfs) that can be full, and whose data folder can be away. Takes root. */
export class Disk {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async mount(): Promise<Disk> {
    const path = await mkdtemp(join(tmpdir(), "cosal-mixed-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE}m`, "tmpfs", path]);
    return new Disk(path);
  }

  get data(): string {
    return join(this.#path, "data");
  }

  /** Writes until there is no room. */
  async fill(): Promise<void> {
    const file = await open(join(this.#path, "ballast"), "w");
    for (let size = 1 << 20; size >= 1; ) {
      await file.writeFile(new Uint8Array(size)).catch(() => {
        size >>= 1;
      });
    }
    await file.close();
  }

  clear(): Promise<void> {
    return rm(join(this.#path, "ballast"), { force: true });
  }

  /** A file in the place of the folder: every read and write fails with ENOTDIR. */
  async takeAway(): Promise<void> {
    await rename(join(this.data, "2"), join(this.data, "away"));
    await writeFile(join(this.data, "2"), "");
  }

  async bringBack(): Promise<void> {
    await rm(join(this.data, "2"), { recursive: true });
    await rename(join(this.data, "away"), join(this.data, "2"));
  }

  async unmount(): Promise<void> {
    execFileSync("umount", ["-l", this.#path]);
    await rm(this.#path, { recursive: true });
  }
}
