import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { limitedBytes } from "../../app/upload/index.ts";
import { CosalError } from "../../errors.ts";
import { Admission } from "./admission.ts";
import { limitAdmission } from "./admission-control.ts";
import { type Fetch, type Listener, listen } from "./listener.ts";

const MEBIBYTE = 2 ** 20;

describe("a request", () => {
  const post = (body?: string) =>
    new Request("http://x/v1/groups", { method: "POST", ...(body && { body }) });

  it("takes room until its answer has been read, or dropped", async () => {
    const admission = new Admission({ bytes: 100, images: 4 });
    const echo = async (sent: Request) => new Response(await sent.text());
    const fetch = limitAdmission(echo, admission, 80);
    const response = await fetch(post("x".repeat(50)));
    expect(admission.load.bytes).toBe(50);
    const refused = await fetch(post("x"));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await response.text()).toHaveLength(50);
    expect(admission.load.bytes).toBe(0);
    const dropped = await fetch(post("body"));
    expect(admission.load.requests).toBe(1);
    await dropped.body?.cancel();
    expect(admission.load.requests).toBe(0);
  });

  it("takes none when it fails, has no answer, or has no body", async () => {
    const admission = new Admission({ bytes: 100, images: 4 });
    const broken = limitAdmission(() => Promise.reject(new Error("broken")), admission, 80);
    await expect(broken(post("1"))).rejects.toThrow("broken");
    await limitAdmission(() => new Response(null, { status: 204 }), admission, 80)(post("1"));
    await limitAdmission(() => new Response("kept"), admission, 80)(new Request("http://x/"));
    expect(admission.load.requests).toBe(0);
  });
});

describe("over a socket", () => {
  let listener: Listener;
  const sockets: Socket[] = [];
  const admission = new Admission({ bytes: 64 * MEBIBYTE, images: 1024 });

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    listener.close();
    listener.cut();
  });

  const count: Fetch = async (sent) => {
    try {
      return new Response(`${(await limitedBytes(sent, 32 * MEBIBYTE)).length}`);
    } catch (error) {
      if (error instanceof CosalError) return new Response(error.message, { status: 503 });
      throw error;
    }
  };

  async function serve(): Promise<void> {
    listener = await listen("127.0.0.1", 0);
    listener.serve(limitAdmission(count, admission, 32 * MEBIBYTE));
  }

  /** A connection that announces a body of 32 MiB. */
  async function announce(localAddress: string): Promise<Socket> {
    const port = Number(new URL(listener.url).port);
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    sockets.push(socket);
    await once(socket, "connect");
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${32 * MEBIBYTE}\r\n\r\n-`);
    return socket;
  }

  async function send(localAddress: string): Promise<string> {
    const sent = request(listener.url, { method: "POST", localAddress });
    sent.end(new Uint8Array(MEBIBYTE));
    const [response] = await once(sent, "response");
    return `${response.statusCode} ${(await response.toArray()).join("")}`;
  }

  it("who announces much and sends nothing turns nobody away", async () => {
    await serve();
    for (let i = 0; i < 60; i++) await announce("127.0.0.2");
    await expect.poll(() => admission.load.requests).toBe(60);
    expect(await send("127.0.0.1")).toBe(`200 ${MEBIBYTE}`);
    expect(await send("127.0.0.2")).toBe(`200 ${MEBIBYTE}`);
  });

  it("who sends more than they may is stopped in the middle, and others are not", async () => {
    await serve();
    const answers: string[] = [];
    for (let i = 0; i < 2; i++) {
      const socket = await announce("127.0.0.2");
      socket.on("data", (data) => answers.push(`${data}`));
      for (let j = 0; j < 20; j++) socket.write(new Uint8Array(MEBIBYTE));
    }
    await expect.poll(() => answers.join(), { timeout: 20_000 }).toMatch(/^HTTP\/1\.1 503 /);
    expect(admission.load.bytes).toBeLessThanOrEqual(33 * MEBIBYTE);
    expect(await send("127.0.0.1")).toBe(`200 ${MEBIBYTE}`);
  });
});
