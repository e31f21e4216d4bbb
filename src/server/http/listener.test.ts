import { Agent, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Fetch, type Listener, type ListenerOptions, listen } from "./listener.ts";
import { Proxies } from "./proxies.ts";

let listener: Listener;

afterEach(() => {
  vi.useRealTimers();
  listener.close();
  listener.cut();
});

async function serve(fetch: Fetch, options?: ListenerOptions): Promise<void> {
  listener = await listen("127.0.0.1", 0, options);
  listener.serve(fetch);
}

const MEBIBYTE = new Uint8Array(2 ** 20);

/** Sends a body over the agent's connection, all of it whatever is answered meanwhile. */
function send(agent: Agent, method: string, mebibytes: number): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { "content-length": mebibytes * MEBIBYTE.length };
  const sent = request(listener.url, { agent, method, headers }, (response) => {
    response.resume();
    response.on("end", () => resolve(response)).on("error", reject);
  });
  sent.on("error", reject);
  for (let i = 0; i < mebibytes; i++) sent.write(MEBIBYTE);
  sent.end();
  return promise;
}

/** A connection on which a body of 8 MiB has begun, and what has come back on it. */
function begin(): { socket: Socket; received: () => string } {
  let text = "";
  const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
  socket.on("data", (bytes) => {
    text += bytes;
  });
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${8 * MEBIBYTE.length}\r\n\r\n`);
  socket.write(MEBIBYTE);
  return { socket, received: () => text };
}

describe("an answer in the middle of a body", () => {
  const refuse: Fetch = async ({ method, body }) => {
    if (method === "GET") return new Response("served");
    for await (const _ of body ?? []) break;
    return new Response("too much", { status: 413 });
  };

  it("says that the connection ends with it, and the next request is served", async () => {
    await serve(refuse);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 12; i++) {
      const refused = await send(agent, "POST", 4);
      expect([refused.statusCode, refused.headers.connection]).toEqual([413, "close"]);
      expect((await send(agent, "GET", 0)).statusCode).toBe(200);
    }
    agent.destroy();
  });

  it("reaches a caller who sends slowly and reads last", async () => {
    await serve(refuse);
    const { socket, received } = begin();
    const ended = Promise.withResolvers<string>();
    socket
      .on("end", () => ended.resolve("ended"))
      .on("error", ({ message }) => ended.reject(message));
    for (let i = 1; i < 8; i++) {
      await new Promise((resolve) => setTimeout(resolve, 120));
      socket.write(MEBIBYTE);
    }
    expect(await ended.promise).toBe("ended");
    expect(received()).toMatch(/^HTTP\/1\.1 413 (.|\r\n)*connection: close(.|\r\n)*too much$/i);
  });

  it("does not wait for ever for who says nothing more", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await serve(refuse);
    const { socket, received } = begin();
    const ended = new Promise((resolve) => socket.once("end", resolve));
    await vi.waitUntil(() => received().endsWith("too much"));
    vi.advanceTimersByTime(5_000);
    await ended;
  });
});

it("leaves the connection open after an answer to a whole body", async () => {
  await serve(async (request) => new Response(`${(await request.bytes()).length}`));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  for (let i = 0; i < 3; i++) {
    const response = await send(agent, "POST", 3);
    expect(response.headers.connection).toBe("keep-alive");
    ports.add(Object.values(agent.freeSockets)[0]?.[0]?.localPort);
  }
  expect(ports.size).toBe(1);
  agent.destroy();
});

describe("a body in shreds", () => {
  let read = 0;
  const count: Fetch = async (request) => {
    for await (const { length } of request.body ?? []) read += length;
    return new Response("served");
  };

  /** Sends one, and resolves when its connection has ended. */
  async function sendShreds(localAddress: string): Promise<void> {
    const port = Number(new URL(listener.url).port);
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    const closed = new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
    socket.write("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
    socket.write("1\r\n-\r\n".repeat(20_000));
    await closed;
  }

  const ask = async (localAddress: string) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    request(listener.url, { localAddress, agent: new Agent() }, (response) => {
      response.resume();
      resolve(`${response.statusCode}`);
    })
      .on("error", () => resolve("closed"))
      .end();
    return promise;
  };

  it("ends with its connection at once", async () => {
    read = 0;
    await serve(count);
    await sendShreds("127.0.0.1");
    expect(read).toBeLessThanOrEqual(512);
  });

  it("has the next connections of its network closed for a while, and nobody else's", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await serve(count);
    await sendShreds("127.0.0.2");
    expect([await ask("127.0.0.2"), await ask("127.0.0.1")]).toEqual(["closed", "200"]);
    vi.advanceTimersByTime(11_000);
    expect(await ask("127.0.0.2")).toBe("200");
  });

  it("does not lock a proxy out, through which others come", async () => {
    await serve(count, { proxies: new Proxies("127.0.0.0/8") });
    await sendShreds("127.0.0.2");
    expect(await ask("127.0.0.2")).toBe("200");
  });
});

describe("an answer that is not read", () => {
  const TIMEOUT = 400;
  /** More than what the kernel takes for a caller who does not. */
  const LARGE = new Uint8Array(16 * 2 ** 20);

  function ask(): Socket {
    const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
    socket.on("error", () => {}).pause();
    socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    return socket;
  }

  it("ends with its connection, and with what it is made of", async () => {
    const left = Promise.withResolvers<string>();
    await serve(
      async (request) => {
        request.signal.addEventListener("abort", () => left.resolve("left"));
        return new Response(LARGE);
      },
      { sendTimeout: TIMEOUT },
    );
    const socket = ask();
    expect(await left.promise).toBe("left");
    socket.destroy();
  });

  it("may be read slowly, and may take its time to begin", async () => {
    await serve(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 3 * TIMEOUT));
        return new Response(LARGE);
      },
      { sendTimeout: TIMEOUT },
    );
    const socket = ask();
    let received = 0;
    socket.on("data", ({ length }) => {
      received += length;
      socket.pause();
    });
    const timer = setInterval(() => socket.resume(), 5);
    await vi.waitUntil(() => received > LARGE.length, { timeout: 30_000 });
    clearInterval(timer);
    socket.destroy();
  });
});
