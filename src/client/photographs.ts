import type { Limits } from "./api.ts";
import { CosalError } from "./errors.ts";
import { LONGEST_SIDE, type Resize } from "./resize.ts";

/** A photograph's file, or a function that reads it when its turn comes. */
export type Source = Blob | Uint8Array<ArrayBuffer> | ArrayBuffer | (() => Promise<Blob>);

/** What a group is made of. A `File` brings its name as its id; other files are called by their place. */
export type Photograph = Source | { readonly id: string; readonly file: Source };

/** A photograph that is known by its contents. */
export interface Hashed {
  readonly id: string;
  /** SHA-256 of the file, 64 lower-case hex digits. */
  readonly sha256: string;
  readonly read: () => Promise<Blob>;
  /** Of the photograph, where what is sent is a reduced one. */
  readonly size?: { readonly width: number; readonly height: number };
}

export interface Named {
  readonly id: string;
  readonly read: () => Promise<Blob>;
}

export function named(photographs: Iterable<Photograph>): Named[] {
  return Array.from(photographs, (photograph, index) => {
    const isNamed = typeof photograph === "object" && "file" in photograph;
    const file = isNamed ? photograph.file : photograph;
    const name = isNamed ? photograph.id : (file as Partial<File>).name;
    return { id: name || `${index}`, read: readerOf(file) };
  });
}

function readerOf(file: Source): () => Promise<Blob> {
  if (typeof file === "function") return file;
  const blob = file instanceof Blob ? file : new Blob([file]);
  return async () => blob;
}

/**
 * Reads and hashes one photograph; its bytes are not kept.
 *
 * @throws CosalError image_too_large, before anything is sent
 */
export async function hashed(
  { id, read: whole }: Named,
  limits: Limits,
  resize?: Resize,
): Promise<Hashed> {
  const reduced = resize && (await resize(await whole(), LONGEST_SIDE));
  const size = reduced && { width: reduced.width, height: reduced.height };
  // Reduced photographs are small enough to be kept.
  const read = reduced ? async () => reduced.file : whole;
  const blob = await read();
  if (blob.size > limits.image_bytes) {
    throw new CosalError(
      "image_too_large",
      `Image "${id}": The file has ${blob.size} bytes; ${limits.image_bytes} are taken.`,
    );
  }
  const sha256 = await sha256Of(await blob.arrayBuffer());
  return { id, sha256, read, ...(size && { size }) };
}

/** 64 lower-case hex digits. */
export async function sha256Of(bytes: BufferSource): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
}
