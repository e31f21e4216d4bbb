import { once } from "node:events";
import type { Attack } from "../attack.ts";
import { begin } from "../client.ts";

const LENGTH = { server: 256 * 1024 * 1024, worker: 24 * 1024 * 1024 };

/** A body of that length is announced, and comes a byte a second. */
export const announced: Attack = {
  name: "announced",
  what: "32 connections that announce the largest body and send a byte a second",
  places: ["server", "worker"],
  callers: 32,
  async prepare(url, place) {
    return async () => {
      const socket = await begin(url, "/v1/groups", {
        "content-type": "multipart/form-data; boundary=slow",
        "content-length": String(LENGTH[place]),
      });
      socket.write(
        '--slow\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n',
      );
      const timer = setInterval(() => socket.write("-"), 1000);
      socket.resume();
      await once(socket, "close").catch(() => {});
      clearInterval(timer);
    };
  },
};
