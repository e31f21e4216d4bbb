import { type IncomingMessage, ServerResponse } from "node:http";
import { areTooSmall } from "../../app/index.ts";

/** How long what still comes of a refused body is read, in milliseconds. */
const LONGEST = 30_000;

/** And how long it may be silent. Both are nginx's `lingering_time` and `lingering_timeout`. */
const SILENCE = 5_000;

/**
 * A response that may be over before its request is.
 *
 * The rest of a body stands in the way of the next request, so such an answer says
 * `Connection: close`. And a connection that is closed while the caller sends is reset, which takes
 * an answer away that has not been read (RFC 9112, 9.6): what still comes is read for a while, and
 * thrown away, and only then the connection ends.
 */
export class LingeringResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  override writeHead(...args: unknown[]): this {
    if (isArriving(this.req)) this.setHeader("connection", "close");
    return Reflect.apply(super.writeHead, this, args);
  }

  override end(...args: unknown[]): this {
    const last = args.findLast((argument) => typeof argument === "function");
    if (!isArriving(this.req)) return Reflect.apply(super.end, this, args);
    if (!this.headersSent) this.writeHead(this.statusCode);
    // All of the answer but its end, with which Node closes the connection.
    const contents = args.filter((argument) => typeof argument !== "function");
    if (contents[0] != null) Reflect.apply(this.write, this, contents);
    discard(this.req, () => Reflect.apply(super.end, this, last ? [last] : []));
    return this;
  }
}

/** Whether more of its body is to come. */
function isArriving({ headers, complete }: IncomingMessage): boolean {
  if (complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Throws away what still comes, until it ends, is silent, has taken too long or is in shreds. */
function discard(request: IncomingMessage, onEnd: () => void): void {
  const late = setTimeout(end, LONGEST);
  let silent = setTimeout(end, SILENCE);
  let chunks = 0;
  let bytes = 0;

  function end(): void {
    clearTimeout(late);
    clearTimeout(silent);
    request.off("data", heard).off("end", end).off("close", end).off("error", end);
    onEnd();
  }

  function heard({ length }: Uint8Array): void {
    chunks++;
    bytes += length;
    clearTimeout(silent);
    if (areTooSmall(chunks, bytes)) end();
    else silent = setTimeout(end, SILENCE);
  }

  // Who was reading would hold the stream up, as nobody reads what it has read.
  request.removeAllListeners("data");
  request.on("data", heard).once("end", end).once("close", end).once("error", end);
  request.resume();
}
