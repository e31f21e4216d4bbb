import { describe, expect, it } from "vitest";
import { sha256 } from "../../group/index.ts";
import type { Piece } from "./group-form.ts";
import { workerTransport } from "./transport.ts";

const transport = workerTransport();
const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251);
const hex = (digest: ArrayBuffer) => Buffer.from(digest).toString("hex");

/** A stream, as a bucket returns a photograph. */
const streamed = (length: number) => new Response(bytes(length)).body as ReadableStream<Uint8Array>;

async function* pieces(): AsyncGenerator<Piece> {
  yield bytes(10);
  yield streamed(300_000);
  yield bytes(0);
  yield bytes(70_000);
  yield streamed(1);
}

const whole = new Uint8Array(await new Blob([10, 300_000, 70_000, 1].map(bytes)).arrayBuffer());

describe("a body of bytes and streams", () => {
  it("is measured", async () => {
    const { sha256: digest, length } = await transport.measure(pieces());
    expect([hex(digest), length]).toEqual([await sha256(whole), whole.length]);
  });

  it("is sent with its length", async () => {
    const body = transport.body(pieces(), whole.length);
    const request = new Request("https://gpu.test", { method: "POST", body });
    expect(await sha256(new Uint8Array(await request.arrayBuffer()))).toBe(await sha256(whole));
  });

  it("fails when a photograph is gone", async () => {
    async function* gone(): AsyncGenerator<Piece> {
      yield streamed(10);
      throw new Error("no longer stored");
    }
    await expect(transport.measure(gone())).rejects.toThrow("no longer stored");
    const body = new Response(transport.body(gone(), 20));
    await expect(body.arrayBuffer()).rejects.toThrow();
  });
});
