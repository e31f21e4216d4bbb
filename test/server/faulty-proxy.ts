import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What a proxy does with a request: passes it on, at once or late; answers that there is too much to
 * do or no room (to what writes); says nothing; cuts the connection off, at once or in the middle of
 * the answer.
 */
export type ProxyMode = "pass" | "late" | "busy" | "full" | "silent" | "cut" | "torn";

export interface FaultyProxy {
  readonly url: string;
  mode: ProxyMode;
  /** Requests that have come, as `METHOD path`. */
  readonly requests: string[];
  close(): Promise<void>;
}

const LATE = 200;

/** A proxy before an HTTP server, with faults. */
export async function faultyProxy(target: string): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    proxy.requests.push(`${incoming.method} ${incoming.url}`);
    void handle(incoming, outgoing);
  });
  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { mode } = proxy;
    const isWrite = incoming.method === "PUT" || incoming.method === "POST";
    if (mode === "silent") return;
    if (mode === "cut") return void incoming.socket.destroy();
    if (mode === "busy") return refuse(incoming, outgoing, 503, "SlowDown");
    if (mode === "full" && isWrite) return refuse(incoming, outgoing, 507, "QuotaExceeded");
    if (mode === "late") await new Promise((resolve) => setTimeout(resolve, LATE));
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (mode !== "torn") return void answer.pipe(outgoing);
      answer.once("data", (chunk: Buffer) => {
        outgoing.write(chunk.subarray(0, chunk.length >> 1), () => outgoing.destroy());
      });
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mode: "pass",
    requests: [],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}

function refuse(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  status: number,
  code: string,
): void {
  incoming.resume();
  incoming.on("end", () => {
    outgoing.writeHead(status, { "content-type": "application/xml" });
    outgoing.end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
  });
}
