// The second process of the suite of faults: GPU servers, of which only one does what it should. They
// compute with the same network as the Worker, so that a right answer can be told from a wrong one.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { NonceMemory, verify } from "../../../src/app/access/request-signature.ts";
import { createApp, localCompute, silent } from "../../../src/app/index.ts";
import { NODE_DECODER_HEAP, pixelLimits } from "../../../src/codec/index.ts";
import { nodeDecoder } from "../../../src/codec/node.ts";
import { createSegmenter, describeModel } from "../../../src/engine/index.ts";
import { nodeRuntime } from "../../../src/engine/runtime/node.ts";
import { memoryStores } from "../../../src/group/index.ts";
import { MODES, type Mode, SECRET } from "./modes.ts";

const MODEL = join(import.meta.dirname, "../../../models/cosal-lite");
const model = async (name: string) => Uint8Array.from(await readFile(join(MODEL, name)));
const decoder = nodeDecoder();
const segmenter = createSegmenter({ model, runtime: nodeRuntime(), decoder });
const described = describeModel(model);
const megabytes = 2 ** 20;

const app = createApp({
  models: async () => [await described],
  stores: memoryStores(),
  compute: localCompute({ name: "native", reason: "", segmenter: () => segmenter }),
  decoder,
  limits: {
    bodyBytes: 100 * megabytes,
    memoryBytes: 100 * megabytes,
    sharedMemoryBytes: Number.POSITIVE_INFINITY,
    spoolBytes: 100 * megabytes,
    imageBytes: 16 * megabytes,
    images: 64,
    seconds: 60,
    imagePixels: pixelLimits(NODE_DECODER_HEAP),
    renderedPixels: 1e7,
    responsePixels: 1e8,
    synchronousImages: 64,
    backends: {},
  },
  log: silent,
});
const nonces = new NonceMemory();
let requests = 0;

/** @returns the answer's bytes and headers, as a server that works sends them */
async function rightAnswer(request: IncomingMessage) {
  const { method = "GET", url = "/" } = request;
  const headers = new Headers(request.headers as Record<string, string>);
  const body =
    method === "GET"
      ? undefined
      : await new Response(Readable.toWeb(request) as ReadableStream).bytes();
  if (method === "POST") {
    const signed = { method, target: url, headers };
    const verdict = await verify(signed, { secret: SECRET, now: Date.now(), nonces });
    if (!verdict.ok) return { status: 401, headers: {}, body: new Uint8Array() };
  }
  headers.delete("content-length");
  headers.delete("transfer-encoding");
  const answer = await app.request(url, { method, headers, ...(body && { body }) });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: await answer.bytes(),
  };
}

async function answer(mode: Mode, request: IncomingMessage, response: ServerResponse) {
  if (request.url === "/readyz") return response.writeHead(200).end();
  if (mode === "mute") return;
  if (mode === "busy") return response.writeHead(503, { "retry-after": "1" }).end();
  if (mode === "closed") return response.writeHead(401).end("who are you?");
  if (mode === "flaky" && ++requests % 2 === 0) {
    if (requests % 4 === 0) return response.destroy();
    return response.writeHead(500).end("oh");
  }
  if (mode === "slow") await new Promise((resolve) => setTimeout(resolve, 1000));
  if (mode === "garbage") {
    const noise = crypto.getRandomValues(new Uint8Array(20_000));
    return response.writeHead(200, { "content-type": "multipart/mixed; boundary=b" }).end(noise);
  }
  const right = await rightAnswer(request);
  const body = broken(mode, Buffer.from(right.body));
  const { "content-length": _, ...headers } = right.headers as Record<string, string>;
  response.writeHead(right.status, headers);
  if (mode === "hanging") return response.write(body.subarray(0, body.length / 2));
  if (mode === "dying")
    return response.write(body.subarray(0, body.length / 2), () => response.destroy());
  return response.end(body);
}

function broken(mode: Mode, body: Buffer): Buffer {
  if (mode === "short") {
    const boundary = body.subarray(0, body.indexOf("\r\n"));
    const second = body.indexOf(boundary, boundary.length);
    return Buffer.concat([body.subarray(0, second), boundary, Buffer.from("--\r\n")]);
  }
  const text = body.toString("latin1");
  if (mode === "swapped") {
    return Buffer.from(text.replace(/filename="[0-9a-f]{4}/gi, `filename="0000`), "latin1");
  }
  if (mode === "estranged") {
    return Buffer.from(text.replace(/"digest":"[0-9a-f]{4}/g, `"digest":"0000`), "latin1");
  }
  return body;
}

const ports: Record<string, number> = {};
for (const mode of MODES) {
  const server = createServer((request, response) => {
    response.on("error", () => {});
    answer(mode, request, response).catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  ports[mode] = (server.address() as AddressInfo).port;
}
// A port that nobody listens on any more.
const gone = createServer().listen(0, "127.0.0.1");
await once(gone, "listening");
ports.down = (gone.address() as AddressInfo).port;
gone.close();
process.send?.(ports);
process.on("disconnect", () => process.exit());
