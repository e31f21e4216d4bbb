/** The same JPEG with another hash: what follows its end marker is no part of the image. */
export function fresh(bytes: BlobPart, tail: string): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(bytes as ArrayBuffer);
  const added = new TextEncoder().encode(tail);
  const whole = new Uint8Array(image.length + added.length);
  whole.set(image);
  whole.set(added, image.length);
  return whole;
}

const IDAT = 0x49444154;

/** A PNG whose chunks are whole, but for the pixels in the first IDAT. */
export function damaged(bytes: ArrayBuffer): Uint8Array<ArrayBuffer> {
  const image = new Uint8Array(bytes.slice(0));
  const view = new DataView(image.buffer);
  let chunk = 8;
  while (view.getUint32(chunk + 4) !== IDAT) chunk += 12 + view.getUint32(chunk);
  return image.fill(0xff, chunk + 8, chunk + 8 + view.getUint32(chunk));
}
