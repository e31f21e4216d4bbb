import { CosalError } from "../../errors.ts";

/**
 * A body's bytes as they arrive, up to a limit.
 *
 * @throws CosalError body_too_large: before anything is read, where its length is announced
 */
export async function* limitedChunks(
  request: Request,
  limit: number,
  refuse: (actual: number) => CosalError = (actual) => bodyTooLarge(limit, actual),
): AsyncGenerator<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limit) throw refuse(announced);
  let received = 0;
  for await (const chunk of request.body ?? []) {
    received += chunk.length;
    if (received > limit) throw refuse(received);
    yield chunk;
  }
}

/** The whole body. @throws as `limitedChunks` */
export async function limitedBytes(
  request: Request,
  limit: number,
  refuse?: (actual: number) => CosalError,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of limitedChunks(request, limit, refuse)) {
    chunks.push(chunk);
    length += chunk.length;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function bodyTooLarge(limit: number, actual: number): CosalError {
  return new CosalError(
    "body_too_large",
    `The body has more than ${limit} bytes. Send fewer or smaller photographs: the network looks at ` +
      "a few hundred pixels a side.",
    { limit: { name: "bytes", limit, actual } },
  );
}

/** The type of a body, without parameters and in lower case. */
export function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}
