import {
  MultipartParseError,
  MultipartParser,
  type MultipartPart,
} from "@remix-run/multipart-parser";
import { MAX_GROUP } from "../engine/index.ts";
import { CosalError } from "../errors.ts";
import { uniqueIds } from "./image-ids.ts";
import { MAX_BODY_BYTES } from "./limits.ts";

/** One photograph as it was sent. */
export interface UploadedImage {
  /** Its file name, made unique within the group. */
  readonly id: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const IMAGE_PART = "image";

/**
 * The photographs of a `multipart/form-data` request (RFC 7578), in the order sent: every part
 * named `image`. Reads no further than the first limit that is passed.
 *
 * @throws CosalError content_type_unsupported, body_not_multipart, body_too_large, option_invalid,
 * group_empty, group_too_large
 */
export async function readUpload(request: Request): Promise<UploadedImage[]> {
  const boundary = boundaryOf(request.headers.get("content-type"));
  refuseLargeBody(Number(request.headers.get("content-length") ?? 0));
  const names: (string | undefined)[] = [];
  const files: Uint8Array<ArrayBuffer>[] = [];
  try {
    for await (const part of parts(request.body, boundary)) {
      if (part.name !== IMAGE_PART) throw unknownPart(part.name);
      if (files.length === MAX_GROUP) throw tooManyImages();
      names.push(fileName(part));
      files.push(part.bytes as Uint8Array<ArrayBuffer>);
    }
  } catch (error) {
    if (error instanceof CosalError) throw error;
    throw notMultipart(error);
  }
  if (files.length === 0) {
    throw new CosalError(
      "group_empty",
      `A group has 1 to ${MAX_GROUP} images: send at least one part named "${IMAGE_PART}".`,
      { limit: { name: "images", limit: 1, actual: 0 } },
    );
  }
  const ids = uniqueIds(names);
  return files.map((bytes, i) => ({ id: ids[i]!, bytes }));
}

/** The boundary parameter of a content type (RFC 2046, 5.1.1). */
function boundaryOf(contentType: string | null): string {
  if (!/^multipart\/form-data\s*(;|$)/i.test(contentType?.trim() ?? "")) {
    throw new CosalError(
      "content_type_unsupported",
      `Expected a body of type multipart/form-data but received ${contentType ?? "no content-type"}.`,
    );
  }
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType ?? "");
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) {
    throw new CosalError(
      "body_not_multipart",
      "The content-type has no boundary of 1 to 70 characters.",
    );
  }
  return boundary;
}

async function* parts(
  body: ReadableStream<Uint8Array> | null,
  boundary: string,
): AsyncGenerator<MultipartPart> {
  const parser = new MultipartParser(boundary, {
    // The limits are kept here, where the error can name the image.
    maxFileSize: Number.POSITIVE_INFINITY,
    maxTotalSize: Number.POSITIVE_INFINITY,
    maxParts: Number.POSITIVE_INFINITY,
  });
  let received = 0;
  let ended = false;
  for await (const chunk of body ?? []) {
    received += chunk.length;
    refuseLargeBody(received);
    // The parser takes a line end that follows the closing boundary in a chunk of its own for an
    // error; RFC 2046 calls it the epilogue, to be ignored.
    if (ended || chunk.length === 0) continue;
    yield* parser.write(chunk);
    ended = hasEnded(parser);
  }
  parser.finish();
}

function hasEnded(parser: MultipartParser): boolean {
  try {
    parser.finish();
    return true;
  } catch (error) {
    if (error instanceof MultipartParseError) return false;
    throw error;
  }
}

/** The file name, with the three characters restored that HTML forms escape in it. */
function fileName(part: MultipartPart): string | undefined {
  return part.filename?.replace(/%0D|%0A|%22/gi, decodeURIComponent);
}

function refuseLargeBody(actual: number): void {
  if (actual <= MAX_BODY_BYTES) return;
  throw new CosalError(
    "body_too_large",
    `The body has more than ${MAX_BODY_BYTES} bytes. Send fewer or smaller photographs: the network ` +
      "looks at a few hundred pixels a side.",
    { limit: { name: "bytes", limit: MAX_BODY_BYTES, actual } },
  );
}

function tooManyImages(): CosalError {
  return new CosalError("group_too_large", `A group has at most ${MAX_GROUP} images.`, {
    limit: { name: "images", limit: MAX_GROUP, actual: MAX_GROUP + 1 },
  });
}

function unknownPart(name: string | undefined): CosalError {
  const found =
    name === undefined ? "a part without a name" : `a part named ${JSON.stringify(name)}`;
  return new CosalError(
    "option_invalid",
    `Expected parts named "${IMAGE_PART}" but received ${found}.`,
  );
}

function notMultipart(cause: unknown): CosalError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CosalError("body_not_multipart", `The body is no multipart/form-data: ${reason}.`, {
    cause,
  });
}
