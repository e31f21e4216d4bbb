/** The same JPEG with another hash: what follows its end marker is no part of the image. */
export function fresh(bytes: BlobPart, tail: string): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(bytes as ArrayBuffer);
  const added = new TextEncoder().encode(tail);
  const whole = new Uint8Array(image.length + added.length);
  whole.set(image);
  whole.set(added, image.length);
  return whole;
}

/** A PNG whose header is whole and whose pixels are not. */
export function damaged(bytes: ArrayBuffer): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(bytes.slice(0));
  image.fill(0xff, 60, 120);
  return image;
}
