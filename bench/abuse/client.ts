import { Agent, request as ask, type IncomingMessage, type RequestOptions } from "node:http";
import { connect, type Socket } from "node:net";

/** Strangers come from another address of the loopback than the honest caller does. */
const STRANGER = "127.0.0.2";

const agent = new Agent({ localAddress: STRANGER, maxSockets: 256 });

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
}

/** One request of a stranger. Resolves with the answer's head, its body unread. */
export function send(
  url: string,
  { body, headers, ...options }: Sent = {},
): Promise<IncomingMessage> {
  const all: RequestOptions = { agent, ...options, headers: { ...named(), ...headers } };
  return new Promise((resolve, reject) => {
    const request = ask(url, all, resolve);
    request.on("error", reject);
    request.end(body);
  });
}

/** The status, once the body has been thrown away. */
export async function statusOf(answer: Promise<IncomingMessage>): Promise<number> {
  const { statusCode = 0 } = await readAll(answer);
  return statusCode;
}

export async function readAll(
  answer: Promise<IncomingMessage>,
): Promise<{ readonly statusCode: number; readonly text: string }> {
  const response = await answer;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { statusCode: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
}

/** A connection of a stranger with the head of a request on it; the rest is up to the caller. */
export async function begin(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  method = "POST",
): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), localAddress: STRANGER });
  socket.on("error", () => {});
  const lines = Object.entries({ host: `${hostname}:${port}`, ...named(), ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.write(`${method} ${path} HTTP/1.1\r\n${head}\r\n`);
  return socket;
}

/** What Cloudflare would say of the caller: nobody does in front of a workerd that stands alone. */
function named(): Record<string, string> {
  return { "cf-connecting-ip": "203.0.113.66" };
}

export interface File {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A `multipart/form-data` body of photographs. */
export function formOf(files: readonly File[]): {
  body: Uint8Array;
  headers: Record<string, string>;
} {
  const boundary = "stranger";
  const parts = files.flatMap(({ name, bytes }) => [
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="${name}"\r\n\r\n`,
    ),
    bytes,
    Buffer.from("\r\n"),
  ]);
  const body = Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
  return { body, headers: { "content-type": `multipart/form-data; boundary=${boundary}` } };
}
