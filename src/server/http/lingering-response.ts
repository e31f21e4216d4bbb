import { type IncomingMessage, ServerResponse } from "node:http";
import { areTooSmall } from "../../app/index.ts";

/** How long the rest of a refused body is read, in milliseconds: nginx's `lingering_time`. */
const LINGERING_TIME = 30_000;

/** Idle timeout of that rest, in milliseconds: nginx's `lingering_timeout`. */
const LINGERING_TIMEOUT = 5_000;

/**
 * A response that may end before its request.
 *
 * The rest of the body precedes the next request on the connection, so such a response has
 * `Connection: close`. If a connection is closed while the client sends, it is reset, and the client
 * may lose a response that it has not read (RFC 9112, 9.6). So the rest of the body is read for a while
 * and discarded. After that, the connection is closed.
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
    // Writes the response without its end, at which Node closes the connection.
    const contents = args.filter((argument) => typeof argument !== "function");
    if (contents[0] != null) Reflect.apply(this.write, this, contents);
    discard(this.req, () => Reflect.apply(super.end, this, last ? [last] : []));
    return this;
  }
}

/** Whether more of the body will arrive. */
function isArriving({ headers, complete }: IncomingMessage): boolean {
  if (complete) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** Discards the rest of the body, until it ends, times out, or arrives in too small chunks. */
function discard(request: IncomingMessage, onEnd: () => void): void {
  const late = setTimeout(end, LINGERING_TIME);
  let idle = setTimeout(end, LINGERING_TIMEOUT);
  let chunks = 0;
  let bytes = 0;

  function end(): void {
    clearTimeout(late);
    clearTimeout(idle);
    request.off("data", heard).off("end", end).off("close", end).off("error", end);
    onEnd();
  }

  function heard({ length }: Uint8Array): void {
    chunks++;
    bytes += length;
    clearTimeout(idle);
    if (areTooSmall(chunks, bytes)) end();
    else idle = setTimeout(end, LINGERING_TIMEOUT);
  }

  // The previous reader would pause the stream, since its data is no longer consumed.
  request.removeAllListeners("data");
  request.on("data", heard).once("end", end).once("close", end).once("error", end);
  request.resume();
}
