import { once } from "node:events";
import type { Attack } from "../attack.ts";
import { begin } from "../client.ts";

const PIECE = Buffer.from("1\r\n-\r\n");
const WRITE = Buffer.concat(Array<Buffer>(2048).fill(PIECE));
const TOTAL = 4 * 1024 * 1024;

/** A body in chunks of one byte, of which each costs an object. */
export const pieces: Attack = {
  name: "pieces",
  what: "bodies of 4 MiB in chunks of one byte, 4 at a time",
  places: ["server", "worker"],
  callers: 4,
  async prepare(url) {
    return async () => {
      const socket = await begin(
        url,
        `/v1/images/${"0".repeat(64)}`,
        {
          "content-type": "image/jpeg",
          "transfer-encoding": "chunked",
        },
        "PUT",
      );
      socket.resume();
      const closed = once(socket, "close");
      for (let sent = 0; sent < TOTAL && !socket.destroyed; sent += 2048) {
        if (!socket.write(WRITE)) await Promise.race([once(socket, "drain"), closed]);
      }
      socket.write("0\r\n\r\n");
      const answered = once(socket, "data").catch(() => {});
      await Promise.race([answered, closed]);
      socket.destroy();
    };
  },
};
