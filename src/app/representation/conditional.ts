import { CosalError } from "../../errors.ts";
import type { Rendition } from "./rendition-cache.ts";
import type { BodyOf } from "./send-file.ts";

/** For SVGs, which are documents: forbids them to load or run anything. */
const INERT = {
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
};

/** Options of a file response. */
export interface FileResponseOptions {
  readonly cacheControl: string;
  /** The common headers, if the response is created with them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly bodyOf?: BodyOf;
}

/**
 * Responds to GET and HEAD for a file: 304 if the client has it (RFC 9110, 13.1.2), 206 for a single
 * range (14), and otherwise 200 with the whole file.
 *
 * @throws CosalError range_invalid
 */
export function fileResponse(
  request: Request,
  file: Rendition,
  { cacheControl, headers: common = {}, bodyOf = (bytes) => bytes }: FileResponseOptions,
): Response {
  const { bytes, type, etag } = file;
  const match = request.headers.get("if-none-match");
  if (match !== null && matches(match, etag)) {
    const headers = { ...common, etag, "cache-control": cacheControl };
    return new Response(null, { status: 304, headers });
  }
  const headers = {
    ...common,
    "content-type": type,
    "content-length": String(bytes.length),
    "cache-control": cacheControl,
    etag,
    "accept-ranges": "bytes",
    ...(type === "image/svg+xml" && INERT),
  };
  const range = request.headers.get("range");
  const part =
    range !== null && isRangeWanted(request, etag) ? partOf(range, bytes.length) : undefined;
  const isHead = request.method === "HEAD";
  if (part === undefined) return new Response(isHead ? null : bodyOf(bytes), { headers });
  const { from, to } = part;
  return new Response(bodyOf(bytes.subarray(from, to + 1)), {
    status: 206,
    headers: {
      ...headers,
      "content-length": String(to + 1 - from),
      "content-range": `bytes ${from}-${to}/${bytes.length}`,
    },
  });
}

/** Weak comparison (RFC 9110, 8.8.3.2); `*` is any. */
export function matches(header: string, etag: string): boolean {
  if (header === etag || header.trim() === "*") return true;
  return header.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}

function isRangeWanted(request: Request, etag: string): boolean {
  const condition = request.headers.get("if-range");
  return request.method === "GET" && (condition === null || condition.trim() === etag);
}

/**
 * First and last byte of the requested range. Undefined for several ranges or another unit; the whole
 * file is a valid response then (RFC 9110, 14.2).
 *
 * @throws CosalError range_invalid
 */
function partOf(header: string, length: number): { from: number; to: number } | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (found === null || (found[1] === "" && found[2] === "")) return undefined;
  const [from, to] =
    found[1] === ""
      ? [Math.max(0, length - Number(found[2])), length - 1]
      : [Number(found[1]), Math.min(length - 1, found[2] === "" ? length - 1 : Number(found[2]))];
  if (from < length && from <= to) return { from, to };
  throw new CosalError("range_invalid", `The file has ${length} bytes.`, {
    limit: { name: "bytes", limit: length, actual: from },
  });
}
