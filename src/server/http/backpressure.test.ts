import { once } from "node:events";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { fakeHost } from "../../../test/fakes.ts";
import { form } from "../../../test/forms.ts";
import { createApp } from "../../app/index.ts";
import { listen } from "./listener.ts";

/** More than what the kernel takes for a caller who does not. */
const FILE_BYTES = 16 * 2 ** 20;

it("a caller who reads nothing has one file made", async () => {
  let made = 0;
  const { dependencies } = fakeHost({
    render: async () => {
      made++;
      return new Uint8Array(FILE_BYTES);
    },
  });
  const app = createApp(dependencies);
  const listener = await listen("127.0.0.1", 0);
  listener.serve((request) => app.fetch(request));
  const files = Array.from({ length: 8 }, (_, i) => [`${i}`, `image ${i}`] as [string, string]);
  const sent = new Response(form(files));
  const body = await sent.bytes();
  const socket = connect(Number(new URL(listener.url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.pause();
  const head = [
    "POST /v1/groups?output=cutout HTTP/1.1",
    "host: x",
    "accept: application/zip",
    `content-type: ${sent.headers.get("content-type")}`,
    `content-length: ${body.length}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  socket.write(body);
  await expect.poll(() => made, { timeout: 10_000 }).toBe(1);
  const memory = process.memoryUsage().arrayBuffers;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(made).toBe(1);
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(memory + FILE_BYTES);
  socket.resume();
  await expect.poll(() => made, { timeout: 20_000 }).toBe(8);
  socket.destroy();
  listener.close();
  listener.cut();
});
