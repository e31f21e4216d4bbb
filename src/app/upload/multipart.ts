import {
  MultipartParseError,
  MultipartParser,
  type MultipartPart,
} from "@remix-run/multipart-parser";
import { CosalError } from "../../errors.ts";
import type { Limits } from "../limits.ts";
import { parseBody } from "../problems/index.ts";
import { type Options, OptionsSchema } from "../schemas/request.ts";
import { limitedChunks } from "./body.ts";
import { tooManyImages } from "./image-count.ts";
import { parseJson } from "./parse-json.ts";
import type { RawGroup, RawImage } from "./received.ts";

const IMAGE_PART = "image";
const OPTIONS_PART = "options";
const CONSENSUS_PART = "consensus";

/**
 * The photographs of a `multipart/form-data` request (RFC 7578), in the order sent: every part
 * named `image`. Reads no further than the first limit that is passed.
 *
 * @throws CosalError body_not_multipart, body_too_large, option_invalid, group_too_large,
 * body_not_json, body_invalid
 */
export async function readMultipart(
  request: Request,
  limits: Limits,
  takesConsensus: boolean,
): Promise<RawGroup> {
  const boundary = boundaryOf(request.headers.get("content-type") ?? "");
  const images: RawImage[] = [];
  let options: Options | undefined;
  let consensus: Uint8Array<ArrayBuffer> | undefined;
  try {
    for await (const part of parts(limitedChunks(request, limits.bodyBytes), boundary)) {
      if (part.name === OPTIONS_PART) {
        if (options !== undefined) throw twoOptions();
        options = parseBody(OptionsSchema, parseJson(part.text), "#/options");
      } else if (part.name === IMAGE_PART) {
        if (images.length === limits.images) throw tooManyImages(limits.images, images.length + 1);
        images.push({ id: fileName(part), bytes: part.bytes as Uint8Array<ArrayBuffer> });
      } else if (part.name === CONSENSUS_PART && takesConsensus) {
        consensus = part.bytes as Uint8Array<ArrayBuffer>;
      } else throw unknownPart(part.name);
    }
  } catch (error) {
    if (error instanceof CosalError) throw error;
    throw notMultipart(error);
  }
  return { images, options: options ?? {}, consensus };
}

/** The boundary parameter of a content type (RFC 2046, 5.1.1). */
function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
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
  chunks: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<MultipartPart> {
  const parser = new MultipartParser(boundary, {
    // The limits are kept elsewhere, where the error can name the image.
    maxFileSize: Number.POSITIVE_INFINITY,
    maxTotalSize: Number.POSITIVE_INFINITY,
    maxParts: Number.POSITIVE_INFINITY,
  });
  let ended = false;
  for await (const chunk of chunks) {
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

function unknownPart(name: string | undefined): CosalError {
  const found =
    name === undefined ? "a part without a name" : `a part named ${JSON.stringify(name)}`;
  return new CosalError(
    "option_invalid",
    `Expected parts named "${IMAGE_PART}", and at most one named "${OPTIONS_PART}", but received ${found}.`,
  );
}

function twoOptions(): CosalError {
  return new CosalError("option_invalid", `There are two parts named "${OPTIONS_PART}".`);
}

function notMultipart(cause: unknown): CosalError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CosalError("body_not_multipart", `The body is no multipart/form-data: ${reason}.`, {
    cause,
  });
}
