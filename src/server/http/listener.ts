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

/** A port that answers, first with "not yet", then with what it is given to serve. */
export interface Listener {
  /** Without a slash at the end. */
  readonly url: string;
  serve(fetch: Fetch): void;
  /** Takes no more connections; those that are open go on. */
  close(): void;
  /** Ends those too. */
  cut(): void;
}

/** How long a request may take to arrive, in milliseconds: a slow one holds room that others need. */
const REQUEST_TIMEOUT = 120_000;

/**
 * How long an idle connection stays open, in milliseconds: longer than balancers and clients keep
 * theirs, so that it is not closed just when they send the next request on it.
 */
const KEEP_ALIVE_TIMEOUT = 75_000;

export interface ListenerOptions {
  /** Milliseconds that a caller may take nothing of a response. */
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
        // Through a proxy come others too.
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

/** Cuts a connection off whose other end takes nothing. Before a response begins there is no limit. */
function limitSending(response: ServerResponse, timeout: number): void {
  const { socket } = response;
  response.setTimeout(timeout, () => {
    if (socket !== null && socket.writableLength > 0) socket.destroy();
  });
}

/**
 * Ends the connection of a body in shreds. Node parses all that it has read of a connection before
 * anybody is asked, eleven thousand chunks of one byte at a time: they are dropped as they come.
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
