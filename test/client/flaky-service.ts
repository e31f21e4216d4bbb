import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of one request: passed on, answered 503, cut before or in the middle of its answer. */
export type Fate = "pass" | "503" | "429" | "reset" | { readonly cutAfter: number };

/** A request that reached the proxy. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly bytes: number;
  readonly status: number;
}

export interface FlakyProxy {
  readonly url: string;
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** A proxy on loopback before a service, which does to each request what `fate` says. */
export async function flakyProxy(
  target: (request: Request) => Promise<Response>,
  fate: (method: string, path: string, count: number) => Fate,
): Promise<FlakyProxy> {
  const seen: Seen[] = [];
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = "GET", url: path = "/" } = incoming;
    const body = Buffer.concat(await Array.fromAsync(incoming));
    const what = fate(method, path, seen.length);
    const note = (status: number) => seen.push({ method, path, bytes: body.length, status });
    if (what === "reset") {
      note(0);
      incoming.socket.resetAndDestroy();
      return;
    }
    if (what === "503" || what === "429") {
      note(Number(what));
      outgoing.writeHead(Number(what), { "retry-after": "0" }).end();
      return;
    }
    const response = await target(
      new Request(`http://cosal.test${path}`, {
        method,
        headers: incoming.headers as Record<string, string>,
        ...(body.length > 0 && { body }),
      }),
    );
    note(response.status);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    let left = what === "pass" ? Number.POSITIVE_INFINITY : what.cutAfter;
    for await (const chunk of response.body ?? []) {
      outgoing.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left < 0) {
        // What was written has to leave before the connection goes.
        await new Promise((resolve) => setTimeout(resolve, 20));
        outgoing.destroy();
        return;
      }
    }
    outgoing.end();
  };
  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error) => outgoing.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
