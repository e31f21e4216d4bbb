import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

export interface LoadBalancer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A load balancer that gives each request to the next server, whatever was asked before, and to the
 * one after when that takes no connection. What breaks off later is its caller's to send again: 502.
 */
export async function roundRobin(targets: readonly string[]): Promise<LoadBalancer> {
  let next = 0;
  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    for (let tries = 0; tries < targets.length; tries++) {
      const target = targets[next++ % targets.length] as string;
      if (await pass(target, incoming, body, outgoing)) return;
    }
    outgoing.writeHead(502).end();
  }
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Passes a request on. False: nothing listens there. */
function pass(
  target: string,
  { method, url: path, headers }: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): Promise<boolean> {
  const { hostname, port } = new URL(target);
  return new Promise((resolve) => {
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
      answer.on("end", () => resolve(true));
    });
    onward.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") return resolve(false);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502).end();
      resolve(true);
    });
    outgoing.on("close", () => {
      onward.destroy();
      resolve(true);
    });
    onward.end(body);
  });
}
