import { CosalError } from "../../errors.ts";
import { blocks, collected, limited } from "../multipart/chunks.ts";
import { arriving } from "./arrival.ts";

/**
 * Yields a body's bytes as they arrive, up to a limit, copied into blocks of this process's memory.
 *
 * @throws CosalError body_too_large, before anything is read if Content-Length exceeds the limit;
 * content_coding_unsupported, body_too_slow
 */
export async function* limitedBlocks(
  request: Request,
  limit: number,
  refuse: (actual: number) => CosalError = (actual) => bodyTooLarge(limit, actual),
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  checkCoding(request);
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limit) throw refuse(announced);
  if (request.body !== null) yield* blocks(limited(arriving(request.body), limit, refuse));
}

/** The whole body. @throws as `limitedBlocks` */
export async function limitedBytes(
  request: Request,
  limit: number,
  refuse?: (actual: number) => CosalError,
): Promise<Uint8Array<ArrayBuffer>> {
  return collected(limitedBlocks(request, limit, refuse));
}

/** The type of a body, without parameters and in lower case. */
export function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
}

/** Refuses compressed bodies: photographs are already compressed, and limits apply to sent bytes. */
function checkCoding(request: Request): void {
  const coding = (request.headers.get("content-encoding") ?? "").trim();
  if (coding === "" || /^identity$/i.test(coding)) return;
  throw new CosalError(
    "content_coding_unsupported",
    `The body has the content coding ${JSON.stringify(coding.slice(0, 100))}. Send it without one.`,
  );
}

function bodyTooLarge(limit: number, actual: number): CosalError {
  return new CosalError(
    "body_too_large",
    `The body has more than ${limit} bytes. Send fewer or smaller photographs: the network looks at ` +
      "a few hundred pixels a side.",
    { limit: { name: "bytes", limit, actual } },
  );
}
