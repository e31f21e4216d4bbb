import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { areTooSmall, SEND_TIMEOUT } from "../../app/index.ts";
import { noteAddress } from "./caller-address.ts";
import { LingeringResponse } from "./lingering-response.ts";
import { Proxies } from "./proxies.ts";
import { RefusedNetworks } from "./refused-networks.ts";

export type Fetch = (request: Request) => Response | Promise<Response>;

/** An HTTP listener. It responds that the server is starting until it gets a handler. */
export interface Listener {
  /** Without a slash at the end. */
  readonly url: string;
  serve(fetch: Fetch): void;
  /** Accepts no more connections. Open ones continue. */
  close(): void;
  /** Also ends open connections. */
  cut(): void;
}

/** Maximum milliseconds until a request has arrived. Slow requests use room that others need. */
const REQUEST_TIMEOUT = 120_000;

/**
 * Milliseconds that an idle connection stays open. It is longer than the timeout of load balancers and
 * clients, so that a connection is not closed just as they send the next request.
 */
const KEEP_ALIVE_TIMEOUT = 75_000;

export interface ListenerOptions {
  /** Maximum milliseconds during which a caller reads nothing of a response. */
  readonly sendTimeout?: number;
  readonly proxies?: Proxies;
}

/** @throws Error EADDRINUSE when something else listens there */
export async function listen(
  host: string,
  port: number,
  { sendTimeout = SEND_TIMEOUT, proxies = new Proxies() }: ListenerOptions = {},
): Promise<Listener> {
  let serve: Fetch = notYet;
  const refused = new RefusedNetworks();
  const server = createAdaptorServer({
    fetch(request, { incoming, outgoing }) {
      const message = incoming as IncomingMessage;
      limitSending(outgoing as ServerResponse, sendTimeout);
      limitChunks(message, ({ remoteAddress = "" }) => {
        // A proxy's connection also has other callers' requests.
        if (!proxies.has(remoteAddress)) refused.add(remoteAddress);
      });
      noteAddress(request, proxies.clientOf(message));
      return serve(request);
    },
    serverOptions: {
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      ServerResponse: LingeringResponse,
    },
  }) as Server;
  server.on("connection", (socket) => {
    if (refused.has(socket.remoteAddress ?? "")) socket.destroy();
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    serve(fetch) {
      serve = fetch;
    },
    close: () => void server.close(),
    cut: () => server.closeAllConnections(),
  };
}

/** Closes a connection whose peer reads nothing. There is no limit before a response begins. */
function limitSending(response: ServerResponse, timeout: number): void {
  const { socket } = response;
  response.setTimeout(timeout, () => {
    if (socket !== null && socket.writableLength > 0) socket.destroy();
  });
}

/**
 * Closes the connection of a body in very small chunks. Node parses everything that it has read from a
 * connection, up to eleven thousand chunks of one byte, before it calls any handler. So chunks are
 * dropped as they arrive.
 */
function limitChunks(request: IncomingMessage, onCutOff: (socket: Socket) => void): void {
  const push = request.push.bind(request);
  let chunks = 0;
  let bytes = 0;
  request.push = (chunk: Buffer | null, encoding) => {
    if (chunk === null) return push(null);
    chunks++;
    bytes += chunk.length;
    if (!areTooSmall(chunks, bytes)) return push(chunk, encoding);
    if (!request.socket.destroyed) {
      onCutOff(request.socket);
      request.socket.destroy();
    }
    return true;
  };
}

function notYet(): Response {
  return new Response("The server is starting.\n", {
    status: 503,
    headers: { "content-type": "text/plain; charset=utf-8", "retry-after": "5" },
  });
}
