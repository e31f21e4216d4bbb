import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as requestOf,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What becomes of one request on its way to a service. */
export type Fate =
  | "pass"
  /** Answered by the proxy; the service does not hear of it. */
  | "503"
  | "429"
  /** Its connection is reset; the service does not hear of it. */
  | "reset"
  /** It arrives and is worked on to the end, but its answer is not sent: a reset instead. */
  | "lost"
  /** Waits for so many milliseconds, then passes. */
  | { readonly delay: number }
  /** The service gets so many bytes of the body; then both connections are reset. */
  | { readonly cutUploadAfter: number }
  /** The client gets so many bytes of the answer, or it up to the end of a match; then both are reset. */
  | { readonly cutAfter: number | RegExp };

export type FateOf = (method: string, path: string, count: number) => Fate;

/** A request that reached the proxy. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly lastEventId: string | undefined;
  /** Of the body, those that were passed on. */
  bytes: number;
  /** The service's status, or the proxy's; 0 without one. */
  status: number;
  /** The `Location` of the service's answer, whether the client was sent it or not. */
  location: string | undefined;
  /** What the client was sent of the answer's body, a character for each byte. */
  answer: string;
}

export interface FaultyProxy {
  readonly url: string;
  /** In the order in which they came. */
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** Time for what was written to leave before its connection is reset. */
const FLUSH = 20;

/** A proxy on loopback before a service, which does to each request what `fateOf` says. */
export async function startFaultyProxy(upstream: string, fateOf: FateOf): Promise<FaultyProxy> {
  const seen: Seen[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = "GET", url: path = "/", headers } = incoming;
    const fate = fateOf(method, path, seen.length);
    const lastEventId = headers["last-event-id"] as string | undefined;
    const nothing = { bytes: 0, status: 0, location: undefined, answer: "" };
    const entry: Seen = { method, path, lastEventId, ...nothing };
    seen.push(entry);
    pass(incoming, outgoing, new URL(path, upstream), fate, entry).catch(() => reset(outgoing));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  url: URL,
  fate: Fate,
  entry: Seen,
): Promise<void> {
  if (fate === "reset") return reset(outgoing);
  if (fate === "503" || fate === "429") {
    incoming.resume();
    entry.status = Number(fate);
    outgoing.writeHead(entry.status, { "retry-after": "0" }).end();
    return;
  }
  const { delay, cutUploadAfter, cutAfter } = planOf(fate);
  if (delay !== undefined) await sleep(delay);

  const { host: _, connection: __, ...headers } = incoming.headers;
  const forwarded = requestOf(url, { method: incoming.method ?? "GET", headers, agent: false });
  const answered = once(forwarded, "response") as Promise<[IncomingMessage]>;
  answered.catch(() => {});
  // The service hears of a client that disconnects, and of a cut.
  outgoing.on("close", () => forwarded.destroy());
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    const piece = chunk.subarray(0, (cutUploadAfter ?? Number.POSITIVE_INFINITY) - entry.bytes);
    forwarded.write(piece);
    entry.bytes += piece.length;
    if (piece.length < chunk.length) {
      await sleep(FLUSH);
      return reset(outgoing);
    }
  }
  forwarded.end();

  const [answer] = await answered;
  entry.status = answer.statusCode ?? 0;
  entry.location = answer.headers.location;
  if (fate === "lost") {
    for await (const _ of answer);
    return reset(outgoing);
  }
  outgoing.writeHead(entry.status, answer.headers);
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const before = entry.answer.length;
    const whole = entry.answer + chunk.toString("latin1");
    const end = endOf(whole, cutAfter);
    entry.answer = whole.slice(0, end);
    outgoing.write(chunk.subarray(0, end - before));
    if (end < whole.length || (cutAfter instanceof RegExp && cutAfter.test(whole))) {
      await sleep(FLUSH);
      return reset(outgoing);
    }
  }
  outgoing.end();
}

function planOf(fate: Fate) {
  const plan: { delay?: number; cutUploadAfter?: number; cutAfter?: number | RegExp } =
    typeof fate === "object" ? fate : {};
  return plan;
}

function endOf(text: string, cutAfter: number | RegExp | undefined): number {
  if (typeof cutAfter === "number") return Math.min(text.length, cutAfter);
  const match = cutAfter?.exec(text);
  return match ? match.index + match[0].length : text.length;
}

function reset(outgoing: ServerResponse): void {
  outgoing.socket?.resetAndDestroy();
}
